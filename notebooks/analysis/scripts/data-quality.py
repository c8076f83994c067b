# %% [markdown]
# # Data quality: can these numbers be trusted?
#
# What is here, what is missing, what does not add up. Run it before you believe a surprising chart.

# %%
import pandas as pd

import xsight_core as xs

shop = xs.connect()
shop

# %% [markdown]
# ## How fresh, and since when
#
# `history_since` is set where Shopify gave only part of the past: everything about first orders is then of that part only.

# %%
state = shop.state
pd.Series(
    {
        "synced_at": state.synced_at,
        "history_since": state.history_since,
        "data_version": state.data_version,
        "scores as of": shop.as_of,
    }
).to_frame("shop")

# %% [markdown]
# ## Counted, and left out
#
# Test, cancelled and deleted orders are here but count nowhere.

# %%
orders = shop.orders(every=True)
flags = orders[["test", "cancelled", "deleted"]]
pd.DataFrame(
    {"orders": [len(orders), *flags.sum(), int((~flags.any(axis=1)).sum())]},
    index=["all", "test", "cancelled", "deleted", "counted"],
)

# %% [markdown]
# ## What is missing
#
# The share of empty cells by column. Guests have no customer; a web order without a country deserves a look.

# %%
missing = orders.isna().mean()
missing[missing > 0].sort_values(ascending=False).to_frame("missing").style.format("{:.1%}")

# %% [markdown]
# ## Does the money add up?
#
# Gross less discounts and returns must be net, to the cent, in every order; lines must add up to their order's gross.

# %%
sums = orders["gross_minor"] - orders["discounts_minor"] - orders["returns_minor"]
lines = shop.sql(
    "select l.order_id, sum(l.gross) filter (where not l.gift_card) as lines, o.gross_minor "
    "from order_lines l join orders o on o.tenant_id = l.tenant_id and o.id = l.order_id group by 1, 3"
)
scale = 10**state.currency_exponent
off = (lines["lines"].fillna(0) * scale).round() != lines["gross_minor"]
pd.Series(
    {
        "orders whose net is not gross - discounts - returns": int(
            (sums != orders["net_minor"]).sum()
        ),
        "orders with lines": len(lines),
        "of which lines do not add up to gross": int(off.sum()),
        "orders below zero": int((orders["net_minor"] < 0).sum()),
    }
).to_frame("orders")

# %% [markdown]
# ## Days without an order
#
# In a shop that sells daily a silent day is a hole, until shown otherwise.

# %%
daily = shop.metric("orders")
silent = daily[daily == 0].tail(365)
print(f"{len(silent)} silent days in the last year of data" if len(daily) else "No orders yet.")
silent.index.to_series().diff().eq(pd.Timedelta(days=1)).sum()

# %% [markdown]
# ## Twice the same?
#
# Orders of the same customer, day and amount: often a customer who clicked twice.

# %%
same = orders[orders.duplicated(["customer_id", "day", "gross_minor"], keep=False)]
same.dropna(subset="customer_id")[["order_id", "customer_id", "day", "gross"]].head(20)

# %% [markdown]
# ## What the last sync proved
#
# Counts held against the shop's own; `shopifyql.ipynb` goes through the money day by day.

# %%
pd.DataFrame(shop.completeness().get("counts", []))
