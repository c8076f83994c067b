# %% [markdown]
# # Cohorts: do customers come back?
#
# Customers by the period of their first order, followed period by period. A period that is not over yet is empty, never a low number.

# %%
import xsight_core as xs

shop = xs.connect()
shop

# %% [markdown]
# ## Retention by month
#
# The share of each month's new customers who ordered again k months later.

# %%
retention = shop.cohorts("retention", by="month")
retention.iloc[-12:, :13].style.format("{:.0%}", na_rep="").bar(axis=None, vmin=0, color="#8ab4f8")

# %% [markdown]
# ## What a customer has brought in so far
#
# Net sales per customer of the cohort, added up.

# %%
shop.cohorts("ltv", by="quarter").round(2)

# %% [markdown]
# ## As it looked a year ago
#
# The time machine: only what was known then.

# %%
shop.cohorts("active", by="quarter", as_of=shop.as_of.replace(year=shop.as_of.year - 1, day=1))

# %% [markdown]
# ## Customers of one cohort
#
# `shop.rfm()` has the first order of each customer, so a cohort can be followed by name, segment or value.

# %%
people = shop.rfm()
people["cohort"] = people["first_order_on"].dt.to_period("Q")
people.groupby("cohort")[["orders", "net"]].agg(["count", "mean"]).round(2)
