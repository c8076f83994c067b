# %% [markdown]
# # Patterns
#
# What goes together, how long customers wait, what to expect of the coming weeks, and which days were out of line. Every number says how sure it is; where
# there is too little to say, it says so.

# %%
import xsight_core as xs
from xsight_core.errors import NotEnoughData

shop = xs.connect()
shop

# %% [markdown]
# ## Bought together, bought next
# `lift` 2 means: twice as often as by chance. Believe it where `lift_low` is above 1.

# %%
try:
    display(shop.bought_together().head(15), shop.next_product().head(15))
except NotEnoughData as reason:
    print(reason)

# %% [markdown]
# ## How long until the second order
# The curve is the share of first-time buyers who have not come back yet; those who still wait are counted in.

# %%
try:
    wait = shop.repurchase(nth=1)
    print("Days until a quarter, half of them came back:", wait.quantile(0.25), wait.quantile(0.5))
    display(wait.frame()[["waiting", "low", "high"]].iloc[29::30])
    display(wait.hazard_by(7).head(12))
except NotEnoughData as reason:
    print(reason)

# %% [markdown]
# ## The coming four weeks
# `attrs["evidence"]`: how such forecasts did on this shop's past, beside a naive one.

# %%
try:
    ahead = shop.forecast(28)
    display(ahead, ahead.attrs)
except NotEnoughData as reason:
    print(reason)

# %% [markdown]
# ## Days out of line

# %%
try:
    display(shop.anomalies(last=90))
except NotEnoughData as reason:
    print(reason)
