# %% [markdown]
# # Beside Shopify's own report
#
# After every sync orders and money of every day are held against what Shopify's sales report (ShopifyQL) says. Here is that comparison:
# what is equal, what differs, and why. Then the rules by which the two count, so that a difference can be told from a mistake.

# %%
import pandas as pd

import xsight_core as xs

shop = xs.connect()
shop

# %% [markdown]
# ## The verdict
#
# `equal`: to the cent, on every day. `explained`: each difference has a cause. `differs`: rows are missing, and the next sync compares every id.

# %%
report = shop.completeness()
sales = report.get("sales", {})
keys = ["state", "since", "until", "days", "days_equal", "reason"]
pd.Series({key: sales[key] for key in keys if key in sales}, dtype=object).to_frame("sales")

# %% [markdown]
# ## In total

# %%
scale = 10**shop.state.currency_exponent
totals = pd.DataFrame(sales.get("totals", {"ours": {}, "shop": {}}), dtype="float64")
money = [name for name in totals.index if name != "orders"]
totals.loc[money] /= scale
totals.assign(difference=totals["ours"] - totals["shop"])

# %% [markdown]
# ## Day by day, where they differ
#
# `cause` is `edit date` (the sum agrees, an edit is put on another day), `changed since` (the shop went on while we counted), `quarantine`
# (a record that could not be read), `scope` (before the history we were given) or `unknown`.

# %%
pd.DataFrame(sales.get("differences", []), columns=["day", "figure", "ours", "shop", "cause"])

# %% [markdown]
# ## The report itself, from here
#
# Shopify puts a return on the day of the refund; ours go by the day of the order unless asked otherwise. These two columns are the same
# money on different days.

# %%
ours = pd.DataFrame(
    {
        "gross_sales": shop.metric("gross_sales", by="month"),
        "discounts": shop.metric("discounts", by="month"),
        "net, returns on order date": shop.metric("net_sales", by="month"),
        "net, returns on refund date": shop.metric(
            "net_sales", by="month", returns_on="refund_date"
        ),
    }
)
ours.tail(13).style.format("{:,.2f}")

# %% [markdown]
# ## Where the rules differ
#
# | | Shopify's sales report | here |
# |---|---|---|
# | cancelled orders | counted, then taken back as returns | left out |
# | test orders | left out | left out |
# | gift cards sold | no sale | no sale |
# | shipping, tax | in total sales | in no figure of net sales |
# | new and returning | by Shopify's customer record | by the first order here that counts |
# | customers' groups | `rfmGroup` of Shopify | `shop.shopify_groups()` has both |

# %%
groups = shop.shopify_groups()
pd.Series(groups.attrs, dtype=object).to_frame("groups")

# %% [markdown]
# What those rules come to in this shop: orders and net sales that are in Shopify's report and not here, by cause.

# %%
by_rule = pd.DataFrame(report.get("rules", []), columns=["cause", "orders", "net_minor"])
by_rule.assign(net=by_rule.pop("net_minor") / scale).set_index("cause")
