# %% [markdown]
# # Segment lift: did it bring in anything?
#
# A segment's customers buy more than others, with or without your letter. What the letter did is seen only beside customers of the same
# segment who, by lot, did not get it. Exports and tags can hold out such a share; here is what came of it.

# %%
import numpy as np
import pandas as pd

import xsight_core as xs
from xsight_core.analytics.lift import difference, sample_size
from xsight_core.errors import Conflict

shop = xs.connect()
shop

# %% [markdown]
# ## Segments and what was done to them
#
# `treated` and `held` are customers; an action without any held out cannot be judged.

# %%
shop.saved_segments().drop(columns=["rule", "trouble"])

# %%
actions = shop.actions()
actions

# %% [markdown]
# ## The lift
#
# Orders and net sales per customer since the action, of those treated and those held out. `low` and `high` bound the difference with 95 %:
# while they lie on both sides of 0, nothing is proved.

# %%
found = {}
for key in actions.index[actions["held"] > 0]:
    try:
        found[key] = shop.lift(key)
    except Conflict as reason:
        print(actions.loc[key, "segment"], reason)
pd.concat(found, names=["action", "per customer"]) if found else "No action with a hold-out yet."

# %% [markdown]
# ## What it came to
#
# The lift per customer times those treated: what the action brought in, with its interval.

# %%
pd.DataFrame(
    {
        key: lift.loc["net", ["lift", "low", "high"]] * lift.attrs["treated"]
        for key, lift in found.items()
    }
).T

# %% [markdown]
# ## How many customers would a trial need?
#
# To see a tenth more than they spend in 90 days, with a fifth held out, four times in five: customers needed, by RFM segment.

# %%
since = pd.Timestamp(shop.as_of) - pd.Timedelta(days=90)
spent = shop.orders(["customer_id", "net"], since=since.date()).groupby("customer_id")["net"].sum()
people = shop.rfm()[["segment"]]
people["spent"] = spent.reindex(people.index, fill_value=0).astype("float64")
rows = {}
for segment, amounts in people.groupby("segment", observed=True)["spent"]:
    mean, deviation = amounts.mean(), amounts.std()
    if mean > 0 and deviation > 0:
        needed = sample_size(deviation, mean / 10, 0.2)
        rows[segment] = [len(amounts), mean, deviation, needed, len(amounts) >= needed]
pd.DataFrame.from_dict(
    rows, orient="index", columns=["customers", "mean", "deviation", "needed", "enough"]
)

# %% [markdown]
# ## A trial of nothing
#
# Champions split by lot, and nothing done to either half: about one such trial in twenty will look like a success. That is what 95 % means.

# %%
rng = np.random.default_rng(7)
amounts = people["spent"].to_numpy()
looks_good = 0
for _ in range(200):
    arm = rng.random(len(amounts)) < 0.5
    seen = difference(amounts[arm], amounts[~arm])
    looks_good += seen.low is not None and (seen.low > 0 or seen.high < 0)
f"{looks_good} of 200 trials of nothing looked like something"
