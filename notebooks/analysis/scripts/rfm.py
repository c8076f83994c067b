# %% [markdown]
# # RFM: who your customers are, and what to do about it
#
# **R**ecency, **f**requency and **m**onetary value, each scored from 1 to 5 (5 is best), put every customer who bought into one of
# eleven segments. The numbers here are the dashboard's; every cell can be changed and run again (Shift+Enter).

# %%
import pandas as pd

import xsight_core as xs

shop = xs.connect()
shop

# %% [markdown]
# ## The customers
#
# One row per customer who bought. `recency_days` counts days since the last order, `net` is net sales: after discounts and returns.
# `net_minor` is the same in cents, exact.

# %%
rfm = shop.rfm()
rfm.sort_values("net_minor", ascending=False).head(10)

# %% [markdown]
# ## The segments
#
# How many customers, what they brought in, what to do.

# %%
segments = shop.segments()
segments["share_of_customers"] = segments["customers"] / max(segments["customers"].sum(), 1)
segments["share_of_sales"] = segments["net"] / max(segments["net"].sum(), 1)
segments.drop(columns="net_minor").style.format(
    {"net": "{:,.2f}", "share_of_customers": "{:.1%}", "share_of_sales": "{:.1%}"}
).bar(subset=["share_of_customers", "share_of_sales"], vmin=0, color="#8ab4f8")

# %% [markdown]
# ## Recency × frequency
#
# Top right: the best. Bottom right would be those who bought often and stopped.

# %%
scores = pd.Index(range(1, 6))
grid = pd.crosstab(rfm["f"], rfm["r"]).reindex(index=scores[::-1], columns=scores, fill_value=0)
grid.rename_axis(index="frequency", columns="recency")

# %% [markdown]
# ## Where customers moved in the last 90 days
#
# The time machine: `as_of` scores the shop as it was then. Rows: segment 90 days ago; columns: segment now.

# %%
before = shop.rfm(as_of=shop.as_of - pd.Timedelta(days=90))
moved = before[["segment"]].join(rfm["segment"].rename("now"))
pd.crosstab(moved["segment"], moved["now"], dropna=False)

# %% [markdown]
# ## Whom to write to first
#
# Good customers who are slipping away: net sales in the top fifth, and the model gives a chance above one half that they do not order in
# the next 90 days. `churn_90` is missing while the shop has too little history.

# %%
people = shop.scores()
slipping = people[(people["m"] == 5) & (people["frequency"] > 0) & (people["churn_90"] > 0.5)]
columns = ["segment", "orders", "net", "last_order_on", "churn_90", "p_alive", "clv_365"]
slipping.sort_values("clv_365", ascending=False)[columns].head(20)

# %% [markdown]
# ## Your own thresholds
#
# By default frequency is scored 1, 2, 3, 4–5 and 6+ orders, recency and money by fifths of your customers (equal customers always score
# alike). Set bounds of your own where your business knows better, for instance recency in seasons.

# %%
from xsight_core.analytics import Thresholds

mine = Thresholds(recency_days=(30, 90, 180, 365), frequency=(2, 3, 5, 10))
shop.rfm(thresholds=mine).groupby("segment", observed=False).size()

# %% [markdown]
# ## From here
#
# `shop.cohorts()` · `shop.metric("net_sales", by="month")` · `shop.metrics()` · `shop.orders()` · `shop.order_lines()` ·
# `shop.sql("select …")` · `shop.tables()`; a question mark behind a name explains it: `shop.cohorts?`
