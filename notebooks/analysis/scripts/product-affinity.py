# %% [markdown]
# # Product affinity: what goes together, and what comes next
#
# Which products are found in one order more often than chance would have it, and what people come back for. Both are counted on the
# orders that count; every lift comes with an interval, so that three lucky orders do not look like a rule.

# %%
import pandas as pd

import xsight_core as xs
from xsight_core.errors import NotEnoughData

shop = xs.connect()
shop

# %% [markdown]
# ## What sells
#
# Only three columns leave the database: `shop.columns("order_lines")` explains all there are.

# %%
lines = shop.order_lines(["order_id", "product_id", "title", "quantity", "net"])
sold = lines.groupby(["product_id", "title"], as_index=False)[["quantity", "net"]].sum()
sold.sort_values("net", ascending=False).head(10)

# %% [markdown]
# ## In one basket
#
# `lift` 2: twice as often together as if people chose at random. Believe it where `lift_low` is above 1.

# %%
try:
    pairs = shop.bought_together(at_least=5)
except NotEnoughData as reason:
    pairs = pd.DataFrame()
    print(reason)
pairs[pairs["lift_low"] > 1].head(15) if len(pairs) else pairs

# %% [markdown]
# ## In the next order
#
# After an order with `first`, how much more often than usual the next one holds `second`. Of use for the letter that follows a purchase.

# %%
try:
    following = shop.next_product(at_least=5)
except NotEnoughData as reason:
    following = pd.DataFrame()
    print(reason)
following.head(15)

# %% [markdown]
# ## How large baskets are
#
# The share of orders by number of different products. Bundles pay where most orders hold one product only.

# %%
sizes = lines.groupby("order_id")["product_id"].nunique().value_counts(normalize=True).sort_index()
sizes.rename_axis("products").rename("share_of_orders").to_frame().style.format("{:.1%}")

# %% [markdown]
# ## Does the first product decide who comes back?
#
# Customers by a product of their first order, and the share who ordered again. Look at the number of customers before you believe a
# difference; `shop.cohorts("retention", came={"product": ID})` follows one product over time.

# %%
orders = shop.orders(["order_id", "customer_id", "day"]).dropna(subset="customer_id")
orders = orders.sort_values(["day", "order_id"])
first = orders.drop_duplicates("customer_id").merge(lines, on="order_id")
again = orders.groupby("customer_id").size() > 1
first["came_back"] = first["customer_id"].map(again).astype("float64")
by_product = first.drop_duplicates(["customer_id", "product_id"]).groupby("title")["came_back"]
pd.DataFrame({"customers": by_product.size(), "came_back": by_product.mean()}).sort_values(
    "customers", ascending=False
).head(10)
