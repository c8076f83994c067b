# %% [markdown]
# # Churn and lifetime value: how far to trust the forecast
#
# Every number the dashboard predicts was first tried on this shop's own past: the models were refitted on what was known 90 days ago and held
# against what happened since, beside rules of thumb. This notebook shows that trial, the model behind it, and what it says of your customers.

# %%
import pandas as pd

import xsight_core as xs

shop = xs.connect()
shop

# %% [markdown]
# ## The trial
#
# One row per candidate, models and rules of thumb alike. `brier` is the mean squared error of the chance of no order in 90 days (lower is
# better), `ece` the mean distance between chance and frequency, `mae` the error in orders per customer, `top_decile_lift` how many more orders
# the tenth with the highest forecast placed than the average customer. The model with the lowest Brier score is used; if a rule of thumb beats
# it, no prediction is shown anywhere.

# %%
model = shop.model()
model

# %%
model.evidence

# %% [markdown]
# ## Is a chance of 70 % a chance of 70 %?
#
# Customers in bands of the forecast: what was said, and the share that stayed away. The closer the two columns, the better calibrated.

# %%
model.curve.style.format({"forecast": "{:.1%}", "seen": "{:.1%}", "customers": "{:,.0f}"})

# %% [markdown]
# ## The parameters
#
# r, alpha (days), a and b of the purchase model; p, q and v of the spend model.

# %%
model.parameters

# %% [markdown]
# ## The coming years
#
# Discounted by 10 % a year, with 90 % intervals. What is further ahead rests more on the model and less on anything that could be tried.

# %%
model.value(years=3)

# %% [markdown]
# ## By segment
#
# Expected orders and value of the next 365 days, by RFM segment.

# %%
people = shop.scores()
people.groupby("segment", observed=False)[["expected_orders_365", "clv_365"]].sum()

# %% [markdown]
# ## Whom to write to, and why
#
# Returning customers at risk, the most valuable first, with the reasons in words.

# %%
found = model.predictions()
columns = ["segment", "churn_90", "clv_365", "clv_365_low", "clv_365_high", "reasons", "action"]
if set(columns) <= set(found):
    at_risk = found[(found["churn_90"] > 0.5) & (people["frequency"] > 0)]
    answer = at_risk.nlargest(15, "clv_365")[columns]
else:
    answer = model.card["shortage"]
answer

# %% [markdown]
# ## The same, half a year ago
#
# The time machine refits on what was known then. Did those who were expected to stay away stay away?

# %%
then = shop.as_of - pd.Timedelta(days=180)
before = shop.model(then)
before

# %%
orders = shop.orders()
since = orders[
    (orders["day"] > pd.Timestamp(then))
    & (orders["day"] <= pd.Timestamp(then) + pd.Timedelta(days=90))
]
told = before.predictions()
if "churn_90" in told:
    told["came"] = told.index.isin(since["customer_id"].dropna().astype("int64"))
    bands = pd.cut(told["churn_90"], [0, 0.2, 0.4, 0.6, 0.8, 1], include_lowest=True)
    grouped = told.groupby(bands, observed=False)["came"]
    answer = pd.DataFrame({"customers": grouped.size(), "stayed_away": 1 - grouped.mean()})
else:
    answer = before.state
answer

# %% [markdown]
# ## Every run that is kept
#
# The last run of each month keeps its scores; `shop.history()` has them, by customer. `drift` is true where the holdout error got worse.

# %%
shop.runs()[
    [
        "as_of",
        "kind",
        "state",
        "champion",
        "at_risk",
        "clv_365",
        "holdout_brier",
        "holdout_skill",
        "drift",
    ]
]
