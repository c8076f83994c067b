# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""A shop in a notebook: ``import xsight_core as xs; shop = xs.connect()``.

Everything comes back as a pandas DataFrame or Series, and gives the numbers that the dashboards show:

* **Orders that count.** Test, cancelled and deleted orders are left out, orders of zero value are in, guests are in
  revenue and orders but in no customer metric. ``shop.orders(every=True)`` shows what was left out.
* **Money.** Columns such as ``net`` are float64 in the shop's currency, for plots and models. ``net_minor`` beside it
  is the exact integer (cents); add those up where every cent counts. ``shop.sql(…, exact=True)`` gives Decimal.
* **Time.** Times are in the shop's time zone; ``day`` is the shop's calendar day.
"""

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
import psycopg

from xsight_core.analytics import (
    METRICS,
    SEGMENTS,
    Grain,
    Orders,
    Thresholds,
    buyers,
    compare,
    day_number,
    day_of,
    evaluate,
    first_of,
    last_months,
    on_refund_date,
    rfm,
    rfm_history,
    window,
)
from xsight_core.analytics.affinity import bought_together, next_product
from xsight_core.analytics.forecast import forecast_revenue
from xsight_core.analytics.repurchase import Latency, repurchase_latency
from xsight_core.analytics.rfm import DEFAULT_THRESHOLDS
from xsight_core.clv import DEFAULT_PRIORS, Prior
from xsight_core.db import frames
from xsight_core.db.insights import shown_run
from xsight_core.db.traits import rfm_groups
from xsight_core.errors import InvalidInput, NotFound, XsightError
from xsight_core.ledger import Ledger, LedgerFolder, ShopState, read_ledger, read_shop
from xsight_core.services.figures import forecast
from xsight_core.services.laying_ready import Draft, lay_ready
from xsight_core.services.shop_columns import PERSONAL, chosen, explained, selected
from xsight_core.services.shop_metrics import Metrics
from xsight_core.services.shop_model import ShopModel
from xsight_core.services.shop_patterns import (
    anomaly_frame,
    cohort_bands,
    cohort_frame,
    group_frame,
    pair_frame,
    some_customers,
)
from xsight_core.services.shop_segments import lift_frame, members
from xsight_core.services.tape import Tape
from xsight_core.sql_cells import use_in_cells

__all__ = ["NotInANotebookServer", "Shop", "connect"]

Params = Mapping[str, Any] | Sequence[Any]
Columns = Sequence[str]
Connection = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")


class NotInANotebookServer(XsightError):
    """There is no shop to connect to here."""

    code = "not_in_a_notebook_server"


def connect(dsn_file: str | Path | None = None) -> "Shop":
    """The shop that this notebook server belongs to.

    Takes no address and no password: the server was started for one shop and one person, and sees nothing else.

    Parameters
    ----------
    dsn_file : path, optional
        A file that holds a database address, for use outside a notebook server.
    """
    use_in_cells()
    tape = Tape.from_environment()
    if tape is not None and tape.replay:
        return Shop("", None, tape)
    path = dsn_file or os.environ.get("XSIGHT_DSN_FILE")
    if not path:
        raise NotInANotebookServer(
            "XSIGHT_DSN_FILE is not set, so there is no shop to connect to. Open this notebook in JupyterLab through "
            "XSight (in the dashboard's menu: Lab); there xs.connect() needs no arguments."
        )
    try:
        dsn = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise NotInANotebookServer(
            f"The shop's database address cannot be read ({error.strerror}: {path}). Stop this server and start it "
            "again from the Hub's control panel."
        ) from error
    ledgers = os.environ.get("XSIGHT_LEDGER_DIR")
    return Shop(dsn, LedgerFolder(Path(ledgers)) if ledgers else None, tape)


class Shop:
    """One shop's orders, customers and scores, read-only. Made by ``connect()``.

    Examples
    --------
    >>> import xsight_core as xs  # doctest: +SKIP
    >>> shop = xs.connect()  # doctest: +SKIP
    >>> shop.metric("net_sales", by="month").tail(12)  # doctest: +SKIP
    >>> shop.rfm().groupby("segment").size()  # doctest: +SKIP
    """

    def __init__(
        self, dsn: str, ledgers: LedgerFolder | None = None, tape: Tape | None = None
    ) -> None:
        self._dsn, self._ledgers, self._tape = dsn, ledgers, tape
        self._cached: tuple[int, Orders] | None = None
        _ = self.state  # fails here and now where the address is wrong

    @property
    def state(self) -> ShopState:
        """Name, currency, time zone and freshness, as they are now."""
        found = self._ask(("state",), lambda connection: asdict(read_shop(connection)))
        return ShopState(**found)

    @property
    def as_of(self) -> date:
        """The day the shown scores are as of; today in the shop's time zone where there are none yet."""

        def asked(connection: Connection) -> date:
            run = shown_run(connection)
            return run.as_of if run else day_of(read_shop(connection).day(datetime.now(UTC)))

        return self._ask(("as_of",), asked)

    @property
    def metrics(self) -> Metrics:
        """The metrics there are: ``shop.metrics()`` lists them, ``shop.metrics.net_sales(by="week")`` is one.

        ``shop.metrics.`` and Tab shows the names, a question mark behind one its definition.
        """
        return Metrics(self.metric)

    # ------------------------------------------------------------------------------------------- rows
    def orders(
        self,
        columns: Columns | None = None,
        *,
        since: date | str | None = None,
        until: date | str | None = None,
        every: bool = False,
    ) -> pd.DataFrame:
        """One row per order, sorted by day: those that count, or ``every`` one with test, cancelled and deleted flags.

        ``gross - discounts - returns = net``, without tax and shipping; returns are on the day of the order.

        Parameters
        ----------
        columns : list of str, optional
            The only columns to read: nothing else leaves the database. ``shop.columns("orders")`` explains them all.
        since, until : date or "YYYY-MM-DD", optional
            First and last day, both counted.

        Examples
        --------
        >>> shop.orders(["day", "channel", "net"], since="2026-01-01")  # doctest: +SKIP
        """
        frame = self._rows("orders", columns, since, until, counted=not every)
        return frame if every or columns else frame.drop(columns=["test", "cancelled", "deleted"])

    def order_lines(
        self,
        columns: Columns | None = None,
        *,
        since: date | str | None = None,
        until: date | str | None = None,
    ) -> pd.DataFrame:
        """One row per line of the orders that count; names are those at the time of the order."""
        return self._rows("order_lines", columns, since, until, counted=True)

    def refunds(
        self,
        columns: Columns | None = None,
        *,
        since: date | str | None = None,
        until: date | str | None = None,
    ) -> pd.DataFrame:
        """One row per refund of the orders that count: ``day`` it was made, ``order_day`` of its order."""
        return self._rows("refunds", columns, since, until, counted=True)

    def products(self, columns: Columns | None = None) -> pd.DataFrame:
        """One row per product as it is now."""
        return self._rows("products", columns)

    def customers(self, columns: Columns | None = None) -> pd.DataFrame:
        """One row per customer, also those who never ordered; the index is ``customer_id``.

        Names and addresses are there only if you have the right to personal data in this shop.
        """
        asked = None if columns is None else chosen("customers", [*columns, "customer_id"])
        visible = (asked is None or bool(PERSONAL & set(asked))) and bool(
            self._fetch(f"{frames.PII_VISIBLE} AS seen")["seen"].iloc[0]
        )
        own = None if asked is None else [name for name in asked if name not in PERSONAL]
        frame = self._rows("customers", own).set_index("customer_id")
        if visible:
            personal = self._fetch(frames.PERSONAL).set_index("customer_id")
            frame = frame.join(personal if asked is None else personal.filter(asked))
        return frame

    def columns(self, of: str | pd.DataFrame) -> pd.DataFrame:
        """What the columns of a frame are: type, unit and meaning.

        Parameters
        ----------
        of : str or DataFrame
            ``orders``, ``order_lines``, ``refunds``, ``products``, ``customers`` or ``scores``; or a frame from here.

        Examples
        --------
        >>> shop.columns("orders")  # doctest: +SKIP
        >>> shop.columns(shop.rfm())  # doctest: +SKIP
        """
        if isinstance(of, str):
            of = self._money(self._fetch(f"{selected(of)} LIMIT 0"))
        return explained(of, self.state.currency)

    def sql(self, query: str, params: Params | None = None, *, exact: bool = False) -> pd.DataFrame:
        """Any query on this shop's tables; see ``shop.tables()``.

        Parameters
        ----------
        query : str
            With ``%s`` or ``%(name)s`` where values go: never paste values into the text.
        params : list or dict, optional
            The values.
        exact : bool
            ``numeric`` columns as Decimal instead of float64.

        Examples
        --------
        >>> shop.sql(
        ...     "select channel, count(*) from orders where day >= %s group by 1", [19000]
        ... )  # doctest: +SKIP
        """
        return self._fetch(query, params, exact=exact)

    def tables(self) -> pd.DataFrame:
        """Tables and columns that ``shop.sql`` can ask for."""
        return self._fetch(
            "SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns "
            "WHERE table_schema = 'xsight' ORDER BY table_name, ordinal_position"
        )

    # ------------------------------------------------------------------------------------------- numbers
    def metric(
        self,
        name: str,
        by: str = "day",
        *,
        since: date | str | None = None,
        until: date | str | None = None,
        returns_on: Literal["order_date", "refund_date"] = "order_date",
        channel: str | None = None,
        country: str | None = None,
    ) -> pd.Series:
        """A metric over time or by a dimension; ``attrs["total"]`` is the metric of the whole range.

        Parameters
        ----------
        name : str
            ``net_sales``, ``orders``, ``aov``, ``new_customers``, ``repeat_rate`` … ``shop.metrics()`` lists them.
        by : str
            ``day``, ``week``, ``month``, ``quarter``, ``year``, ``channel``, ``country``, ``product`` or ``discount``.
        since, until : date or "YYYY-MM-DD", optional
            First and last day to look at. Who is "new" is judged by all of history.
        returns_on : str
            ``refund_date``: ``returns`` and ``net_sales`` on the day of the refund, as Shopify's sales report has them.
        channel, country : str, optional
            Only orders of this channel, to this country. Who is "new" is judged by all orders.
        """
        end = day_number(_date(until)) if until is not None else day_number(self.as_of)
        start = day_number(_date(since)) if since is not None else None
        name = on_refund_date(name) if returns_on == "refund_date" else name
        orders = self._orders()
        series = evaluate(name, orders, end, by, since=start, channel=channel, country=country)
        first = start if start is not None else _first_day(orders.counted(end), end)
        total = window(name, orders, first, end, channel=channel, country=country)
        if METRICS[name].unit == "money":
            scale = 10**self.state.currency_exponent
            series, total = series.div(scale), None if total is None else total / scale
        series.attrs["total"] = total
        return series

    def compare(
        self,
        name: str,
        since: date | str,
        until: date | str | None = None,
        against: str = "previous_period",
    ) -> pd.Series:
        """A metric of a range beside an earlier one: ``now``, ``before``, ``change`` and the days of both.

        Parameters
        ----------
        against : str
            ``previous_period`` (as long, just before), ``previous_year`` (the same dates) or
            ``previous_year_weekdays`` (364 days earlier: the same days of the week).
        """
        end = day_number(_date(until)) if until is not None else day_number(self.as_of)
        found = compare(name, self._orders(), day_number(_date(since)), end, against)
        scale = 10**self.state.currency_exponent if METRICS[name].unit == "money" else 1
        now, before = (
            None if value is None else value / scale for value in (found.now, found.before)
        )
        days = (found.since, found.until, found.before_since, found.before_until)
        return pd.Series(
            [now, before, found.change, *map(day_of, days)],
            ["now", "before", "change", "since", "until", "before_since", "before_until"],
            name=name,
            dtype=object,
        )

    def rfm(
        self, as_of: date | str | None = None, thresholds: Thresholds | None = None
    ) -> pd.DataFrame:
        """Recency, frequency and monetary scores (1–5, 5 is best) and the segment of every customer who bought.

        Without arguments: the scores on the dashboard. With ``as_of`` a past day: what they would have been then,
        from the orders up to that day. With ``thresholds``: scored by those.
        """
        day = self._day(as_of)
        result = rfm(buyers(self._orders(), day), thresholds or DEFAULT_THRESHOLDS).frame()
        result["first_order_on"] = pd.to_datetime(result.pop("first_day"), unit="D")
        result["last_order_on"] = pd.to_datetime(result.pop("last_day"), unit="D")
        return self._money(result)

    def segments(self, as_of: date | str | None = None) -> pd.DataFrame:
        """The eleven segments with customers, net sales and what to do; empty ones too."""
        day = self._day(as_of)
        rows = rfm(buyers(self._orders(), day)).segments()
        frame = pd.DataFrame(rows).rename(columns={"revenue_minor": "net_minor", "key": "segment"})
        return self._money(frame.set_index("segment"))

    def cohorts(
        self,
        values: str = "retention",
        by: str = "month",
        as_of: date | str | None = None,
        *,
        customers: Sequence[int] | None = None,
        came: Mapping[str, str | int] | None = None,
    ) -> pd.DataFrame:
        """Customers by the period of their first order (rows), k periods later (columns); NaN while not complete.

        Parameters
        ----------
        values : str
            ``retention`` (share that ordered), ``active`` (how many), ``orders``, ``revenue`` (net sales), ``returns``,
            ``ltv`` (net sales so far per customer of the cohort), ``aov`` or ``refund_rate``.
        by : str
            ``week``, ``month``, ``quarter`` or ``year``.
        as_of : date, optional
            A past day to look back from.
        customers : ids, optional
            The only customers to look at: a segment's, anybody's.
        came : dict, optional
            What their first order was of: ``{"channel": "web"}``; also ``product`` (an id), ``discount``, ``country``.

        Examples
        --------
        >>> shop.cohorts("ltv", came={"discount": "SPRING"})  # doctest: +SKIP
        """
        day, grain = self._day(as_of), _grain(by)
        orders = some_customers(self._orders(), day, customers, came or {})
        return cohort_frame(orders, day, values, grain, self.state.currency_exponent)

    def came_by(self, by: str, as_of: date | str | None = None) -> pd.Series:
        """Customers by what their first order was of or came by: ``channel``, ``product``, ``discount``, ``country``.

        Products by their id; unknown is the empty value. These are the values that ``cohorts(came=…)`` takes.
        """
        day = self._day(as_of)
        _, code, names = first_of(self._orders(), day, by)
        counts = np.bincount(code, minlength=len(names))
        best = [i for i in np.argsort(-counts, kind="stable").tolist() if counts[i]]
        index = pd.Index([names[i] for i in best], name=by)
        return pd.Series(counts[best], index, name="customers")

    def cohort_bands(
        self,
        values: str = "retention",
        by: str = "month",
        as_of: date | str | None = None,
        *,
        customers: Sequence[int] | None = None,
        came: Mapping[str, str | int] | None = None,
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Lower and upper 90 % bounds of ``cohorts``, by bootstrap over customers; of retention, ltv or aov."""
        day, grain = self._day(as_of), _grain(by)
        orders = some_customers(self._orders(), day, customers, came or {})
        return cohort_bands(orders, day, values, grain, self.state.currency_exponent)

    def rfm_history(self, months: int = 12) -> pd.DataFrame:
        """Customers by segment at the ends of the last months, and now; each scored from what was known then."""
        return rfm_history(self._orders(), last_months(self._day(None), months))

    def shopify_groups(self) -> pd.DataFrame:
        """Shopify's RFM group of every buyer as scored here and by Shopify, where it says; see ``attrs``."""
        known = self._ask(("rfm_groups",), rfm_groups)
        return group_frame(self._orders(), self._day(None), known)

    # ------------------------------------------------------------------------------------------- patterns
    def bought_together(
        self, product: int | None = None, *, at_least: int = 5, most: int = 100
    ) -> pd.DataFrame:
        """Products found in one order more often than chance would have it: lift with its 90 % interval."""
        orders = self._orders()
        found = bought_together(
            orders, self._day(None), product=product, at_least=at_least, most=most
        )
        return pair_frame(orders, found)

    def next_product(
        self, product: int | None = None, *, at_least: int = 5, most: int = 100
    ) -> pd.DataFrame:
        """What customers buy in the order after one with a product (``first``), against all next orders."""
        orders = self._orders()
        found = next_product(orders, self._day(None), product=product, at_least=at_least, most=most)
        return pair_frame(orders, found)

    def repurchase(self, nth: int | None = None, as_of: date | str | None = None) -> Latency:
        """How long customers take to their next purchase (from their ``nth``): a Kaplan-Meier curve.

        Examples
        --------
        >>> shop.repurchase(nth=1).quantile(0.5)  # days until half came back  # doctest: +SKIP
        >>> shop.repurchase().hazard_by(7).head(12)  # doctest: +SKIP
        """
        return repurchase_latency(self._orders(), self._day(as_of), nth=nth)

    def forecast(self, days: int = 28, as_of: date | str | None = None) -> pd.DataFrame:
        """Net sales from today on with a 90 % interval; ``attrs`` says the method and how it did before."""
        found = forecast_revenue(self._orders(), self._day(as_of), days)
        scale = 10**self.state.currency_exponent
        frame = found.frame().rename(columns={"net_minor": "net"}) / scale
        money = {"total", "total_low", "total_high"}
        frame.attrs = {name: getattr(found, name) / scale for name in sorted(money)} | {
            "method": found.method,
            "evidence": asdict(found.evidence),
        }
        return frame

    def anomalies(
        self, last: int = 28, threshold: float = 3.5, as_of: date | str | None = None
    ) -> pd.DataFrame:
        """Days whose net sales are out of line, a row for each cause: what the difference is made of."""
        exponent = self.state.currency_exponent
        return anomaly_frame(self._orders(), self._day(as_of), last, threshold, exponent)

    def scores(self, as_of: date | str | None = None) -> pd.DataFrame:
        """What the models say of every customer who bought; the dashboard's numbers.

        ``churn_90`` is the chance of no order in the next 90 days, ``p_alive`` that the customer has not left for
        good, ``expected_orders_30/90/180/365`` the orders to expect, ``clv_30/90/180/365`` their discounted net sales;
        ``_low`` and ``_high`` bound the 90 % interval. ``next_order_on`` is the day to expect if there is an order
        within a year, of which ``p_order_365`` is the chance. A score that cannot be given, or whose model lost to a
        rule of thumb, is missing, never made up. ``frequency``, ``t_x`` and ``T`` are what the models saw: days with a
        repeat order, days from the first to the last one, days since the first.

        Parameters
        ----------
        as_of : date, optional
            A past day: the predictions that would have been made then, by a model chosen on what was known then.
        """
        if as_of is not None:
            return self.model(as_of).shown()
        frame = self._fetch(frames.SCORES).set_index("customer_id")
        frame["segment"] = pd.Categorical(frame["segment"], [segment.key for segment in SEGMENTS])
        return self._money(frame)

    def model(
        self, as_of: date | str | None = None, *, priors: Mapping[str, Prior] = DEFAULT_PRIORS
    ) -> ShopModel:
        """The purchase and spend models of this shop: every candidate tried on its own past, the best one fitted.

        Parameters
        ----------
        as_of : date, optional
            A past day to look from: refitted on what was known then.
        priors : dict of str to Prior, optional
            Where the models start from, by name (``xsight_core.clv.DEFAULT_PRIORS``); it matters to small shops only.

        Examples
        --------
        >>> shop.model().evidence  # doctest: +SKIP
        >>> shop.model("2026-06-30").predictions()["clv_365"].sum()  # doctest: +SKIP
        """
        day = self._day(as_of)
        orders = self._orders()
        scored = rfm(buyers(orders, day))
        found = forecast(orders, day, scored, priors=priors)
        return ShopModel(found, scored, self.state.currency_exponent)

    def migration(self, since: date | str, as_of: date | str | None = None) -> pd.DataFrame:
        """How many customers moved from which segment (rows, on the day ``since``) to which (columns).

        The row ``not yet`` is customers whose first order came later.
        """
        start = rfm(buyers(self._orders(), day_number(_date(since)))).frame()["segment"]
        now = self.rfm(as_of)["segment"]
        keys = [segment.key for segment in SEGMENTS]
        was = start.reindex(now.index).astype(object).fillna("not yet")
        table = pd.crosstab(was, now.astype(object)).reindex([*keys, "not yet"], columns=keys)
        return table.fillna(0).astype("int64").rename_axis(index="was", columns="is")

    # ------------------------------------------------------------------------------------------- runs
    def runs(self) -> pd.DataFrame:
        """Every computation that is kept, the newest first: what it rests on, and a few numbers for trends.

        ``kind`` is ``shown`` or ``past`` (asked for as of an earlier day); ``rows`` says whether the customers' scores
        are kept; ``drift`` is true where the forecast had got worse.
        """
        return self._money(self._fetch(frames.RUNS)).set_index("id")

    def history(self, customer_id: int | None = None) -> pd.DataFrame:
        """Scores as they were told, by day: of all customers, or of one. The last run of each month is kept."""
        return self._money(self._fetch(frames.HISTORY, {"customer": customer_id}))

    def model_card(self, run: str | None = None) -> dict[str, Any]:
        """Data, rules, models, evidence, drift and warnings of the run on the dashboards, or of another one."""
        found = self._fetch(frames.CARD, {"run": run})
        if found.empty:
            raise NotFound("There is no such run; shop.runs() lists those that are kept.")
        return found["card"].iloc[0]

    def completeness(self) -> dict[str, Any]:
        """The newest proof of completeness: what the shop says it holds beside what is here; empty before a sync."""
        found = self._fetch(frames.COMPLETENESS)
        return (
            {}
            if found.empty
            else {"checked_at": found["checked_at"].iloc[0], **found["report"].iloc[0]}
        )

    # ------------------------------------------------------------------------------------------- saved segments
    def saved_segments(self) -> pd.DataFrame:
        """The segments saved in this shop, by name: rule, members as of the last refresh, trouble if any."""
        return self._fetch(frames.SAVED_SEGMENTS).set_index("name")

    def members(self, segment: str) -> pd.Index:
        """The customers in a saved segment, by its name or id, as of its last refresh.

        Examples
        --------
        >>> shop.scores().loc[lambda f: f.index.isin(shop.members("Loyal"))]  # doctest: +SKIP
        """
        return members(self._fetch, segment)

    def actions(self) -> pd.DataFrame:
        """What was done to segments (exports, tags), with the customers ``treated`` and ``held`` out."""
        return self._fetch(frames.ACTIONS).set_index("id")

    def lift(self, action: str) -> pd.DataFrame:
        """What an action with a hold-out brought in: orders and net sales per customer of both arms since, 95 %."""
        return lift_frame(self._fetch, self.orders, action)

    def publish(self, path: str | Path, title: str | None = None) -> Draft:
        """Lay a notebook ready to become a page: its code without outputs; then ask for a review by the link.

        An admin sees its page and its changes before anybody else does. It will run as the store, read-only and
        without personal data. A cell tagged ``parameters`` may declare some: ``weeks = 12``, ``since = "2026-01-01"``.

        Examples
        --------
        >>> shop.publish("weekly.ipynb", title="The week")  # doctest: +SKIP
        """
        return lay_ready(path, title, Path.home())

    # ------------------------------------------------------------------------------------------- inside
    def __repr__(self) -> str:
        state = self.state
        return f"<Shop {state.domain or state.name} in {state.currency}, {state.timezone}>"

    def _repr_html_(self) -> str:
        """A card with what there is and how fresh it is."""
        state, end = self.state, self.as_of
        counted = self._orders().counted(day_number(end))
        who = buyers(counted, day_number(end))
        net = int(counted.net_minor.sum()) / 10**state.currency_exponent
        rows = {
            "Orders": f"{len(counted):,}",
            "Customers who bought": f"{len(who):,}",
            "Net sales": f"{net:,.{state.currency_exponent}f} {state.currency}",
            "As of": f"{end:%d %b %Y} ({state.timezone})",
            "Synced": f"{state.synced_at:%d %b %Y %H:%M} UTC" if state.synced_at else "not yet",
        }
        cells = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in rows.items()
        )
        title = escape(state.name or state.domain)
        hint = "shop.orders() · shop.rfm() · shop.metric('net_sales', by='month') · shop.sql('select …')"
        return (
            f"<table><caption><b>{title}</b></caption>{cells}</table><small>{escape(hint)}</small>"
        )

    def _day(self, as_of: date | str | None) -> int:
        return day_number(self.as_of if as_of is None else _date(as_of))

    @contextmanager
    def _connection(self) -> Generator[Connection]:
        """A connection for one question: an idle one would hold one of the few this server may have."""
        with psycopg.connect(self._dsn, connect_timeout=10) as connection:
            yield connection

    def _ask(self, question: tuple[Any, ...], answer: Callable[[Connection], T]) -> T:
        """Every answer comes through here: in a run of a published notebook it is kept, and given again."""

        def make() -> T:
            with self._connection() as connection:
                return answer(connection)

        return make() if self._tape is None else self._tape.answer(question, make)

    def _fetch(
        self, query: str, params: Params | None = None, *, exact: bool = False
    ) -> pd.DataFrame:
        def asked(connection: Connection) -> tuple[Any, ...]:
            zone = read_shop(connection).timezone
            return zone, *frames.fetch_rows(connection, query, params)

        zone, names, kinds, rows = self._ask(("sql", query, params), asked)
        return frames.framed(names, kinds, rows, zone=zone, exact=exact)

    def _rows(
        self,
        table: str,
        columns: Columns | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        *,
        counted: bool = False,
    ) -> pd.DataFrame:
        """A table's columns between two days; ``counted``: of the orders that count."""
        wanted = chosen(table, columns)
        read = wanted if wanted is None or not counted else dict.fromkeys([*wanted, "order_id"])
        days = {
            name: None if day is None else _date(day)
            for name, day in (("since", since), ("until", until))
        }
        frame = self._fetch(
            selected(table, read, days), {k: v for k, v in days.items() if v} or None
        )
        if counted:
            orders = self._orders().counted(day_number(self.as_of)).order_id
            frame = frame.loc[np.isin(frame["order_id"], orders)].reset_index(drop=True)
        frame = self._money(frame if wanted is None else frame.filter(list(wanted)))
        return frame if columns is None else frame.filter([*columns])

    def _orders(self) -> Orders:
        """All orders of the current data version: the mapped ledger where there is one, else read from the tables."""
        version = self.state.data_version
        if self._cached is None or self._cached[0] != version:

            def read() -> Ledger:
                found = self._ledgers.open(version) if self._ledgers else None
                if found is not None:
                    return found
                with self._connection() as connection:
                    return read_ledger(connection)

            found = self._tape.ledger(version, read) if self._tape else read()
            self._cached = version, found.orders
        return self._cached[1]

    def _money(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Beside each column in minor units one in the shop's currency."""
        scale = 10**self.state.currency_exponent
        for name in [str(name) for name in frame.columns if str(name).endswith("_minor")]:
            place = list(frame.columns).index(name)
            frame.insert(place, name.removesuffix("_minor"), frame[name].astype("float64") / scale)
        return frame


def _date(value: date | str) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InvalidInput("date", f"{value!r} is not a day: write it as 2026-11-22.") from error


def _grain(by: str) -> Grain:
    if by not in set(Grain) - {Grain.DAY}:
        raise InvalidInput("by", f"Cohorts go by week, month, quarter or year, not by {by!r}.")
    return Grain(by)


def _first_day(orders: Orders, end: int) -> int:
    return int(orders.day[0]) if len(orders) else end
