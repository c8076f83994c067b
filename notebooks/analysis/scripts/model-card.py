# %% [markdown]
# # Model card
#
# What the numbers on the dashboard rest on: which orders, which rules, which models, how good they proved, what to mind. It belongs to one run;
# `shop.runs()` lists the others.

# %%
import pandas as pd

import xsight_core as xs

shop = xs.connect()
shop

# %%
card = shop.model_card()
pd.Series(card["run"]).to_frame("run")

# %% [markdown]
# ## What to mind

# %%
pd.DataFrame(card["warnings"], columns=["code", "message"]).set_index("code")

# %% [markdown]
# ## The data

# %%
pd.Series(card["data"]).to_frame("data")

# %% [markdown]
# ## The rules
#
# Orders that count, bounds of the RFM scores (None: fifths of the customers), the version of the methods, where the models started from.

# %%
pd.Series(card["rules"]).to_frame("rules")

# %% [markdown]
# ## The models

# %%
models = card["models"]
print(models["state"], models["champion"])
pd.json_normalize({"purchases": models["purchases"], "spend": models["spend"]}).T

# %% [markdown]
# ## The evidence
#
# Every model and rule of thumb on the last 90 days of this shop's own past.

# %%
pd.DataFrame(card["evidence"].get("candidates", []))

# %% [markdown]
# ## Has the forecast got worse?
#
# The alarm follows one rule, given with it.

# %%
pd.Series(card["drift"] or {"state": "unknown"}).to_frame("drift")
