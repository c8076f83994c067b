-- Who is asking? Policies call these. Owned by xsight_owner; nobody else may look into schema private.

-- Trusted code says its tenant with set_config(…, is_local => true): unset, or after the transaction, it is
-- NULL and no row matches.
CREATE OR REPLACE FUNCTION private.app_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;

-- Untrusted code can set any variable, so its tenant comes from session_user, which only a new log-in changes
-- (current_user would change with SET ROLE). Asked anew by each query: a role past its date, or of a person who is
-- no longer a member with a Lab, sees nothing even in a session it kept open.
CREATE OR REPLACE FUNCTION private.server_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT r.tenant_id FROM private.server_roles r
        WHERE r.role_name = session_user AND r.valid_until > statement_timestamp()
          AND (r.user_id IS NULL OR EXISTS (
            SELECT FROM control.memberships m JOIN control.users u ON u.id = m.user_id
            WHERE m.tenant_id = r.tenant_id AND m.user_id = r.user_id
              AND m.role IN ('owner', 'admin', 'analyst') AND u.disabled_at IS NULL)) $$;

-- The same for tables that hold personal data: the server was started with the right, and the person still has it.
CREATE OR REPLACE FUNCTION private.server_pii_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT r.tenant_id FROM private.server_roles r
        JOIN control.memberships m ON m.tenant_id = r.tenant_id AND m.user_id = r.user_id
        JOIN control.users u ON u.id = m.user_id
        WHERE r.role_name = session_user AND r.valid_until > statement_timestamp() AND r.pii AND m.pii
          AND m.role IN ('owner', 'admin', 'analyst') AND u.disabled_at IS NULL $$;

-- Append-only tables: what is written stays. The application's role has no such right either; this stops the owner.
CREATE OR REPLACE FUNCTION private.refuse_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$ BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END $$;

-- Number, time and hash of an audit event. Writers of one tenant take turns until they commit, so the chain has no
-- fork and no gap. What is hashed is the JSON array below, after the hash before it (32 zero bytes at first):
-- anybody can recompute it from an export (xsight_core/services/audit.py does).
CREATE OR REPLACE FUNCTION private.seal_audit_event() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('xsight audit ' || NEW.tenant_id, 0));
  SELECT e.seq + 1, e.hash INTO NEW.seq, NEW.previous FROM xsight.audit_events e
    WHERE e.tenant_id = NEW.tenant_id ORDER BY e.seq DESC LIMIT 1;
  IF NOT FOUND THEN
    NEW.seq := 1;
    NEW.previous := decode(repeat('00', 32), 'hex');
  END IF;
  NEW.at := clock_timestamp();
  NEW.hash := sha256(NEW.previous || convert_to(json_build_array(
    NEW.seq::text, NEW.tenant_id::text, (extract(epoch FROM NEW.at) * 1000000)::bigint::text, NEW.actor_kind, NEW.actor,
    NEW.action, NEW.object, NEW.address, NEW.request_id, NEW.rows::text, NEW.details)::text, 'UTF8'));
  RETURN NEW;
END $$;

-- Which transaction wrote a row last. Together with a snapshot it says what a reader has not seen: every row whose
-- transaction is not older than the snapshot's oldest running one. Nobody who writes has to think of it.
CREATE OR REPLACE FUNCTION private.note_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$ BEGIN
    NEW.changed_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
  END $$;

-- Rows that vanish (erasure) leave no trace of their own: their tenant keeps the transaction.
CREATE OR REPLACE FUNCTION private.note_removal() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$ BEGIN
    UPDATE xsight.tenant_state SET rows_removed_in = pg_current_xact_id()::text::bigint
      WHERE tenant_id IN (SELECT gone.tenant_id FROM gone);
    RETURN NULL;
  END $$;

-- An order given to another customer, a merge undone: whom the row named before has changed too.
CREATE OR REPLACE FUNCTION private.note_former_customer() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$ BEGIN
    UPDATE xsight.customers c SET changed_in = 0  -- the trigger "changed" says in which
      WHERE c.tenant_id = OLD.tenant_id AND c.id = (to_jsonb(OLD) ->> TG_ARGV[0])::bigint
        AND c.changed_in <> pg_current_xact_id()::text::bigint;
    RETURN NULL;
  END $$;

-- Refunds come and go after their order was written: that changes the order too.
CREATE OR REPLACE FUNCTION private.note_order_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$ BEGIN
    UPDATE xsight.orders o SET changed_in = 0  -- the trigger "changed" says in which
      FROM (SELECT DISTINCT parts.tenant_id, parts.order_id FROM parts) p
      WHERE o.tenant_id = p.tenant_id AND o.id = p.order_id
        AND o.changed_in <> pg_current_xact_id()::text::bigint;
    RETURN NULL;
  END $$;
