-- Who is asking? Policies call these. Owned by xsight_owner; nobody else may look into schema private.

-- Trusted code says its tenant with set_config(…, is_local => true): unset, or after the transaction, it is
-- NULL and no row matches.
CREATE OR REPLACE FUNCTION private.app_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;

-- Untrusted code can set any variable, so its tenant comes from session_user, which only a new log-in changes
-- (current_user would change with SET ROLE). Asked anew by each query: a role past its date, or of a person who
-- is no longer a member, sees nothing even in a session it kept open.
CREATE OR REPLACE FUNCTION private.server_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT r.tenant_id FROM private.server_roles r
        WHERE r.role_name = session_user AND r.valid_until > statement_timestamp()
          AND (r.user_id IS NULL OR EXISTS (
            SELECT FROM control.memberships m WHERE m.tenant_id = r.tenant_id AND m.user_id = r.user_id)) $$;

-- The same for tables that hold personal data: the server was started with the right, and the person still has it.
CREATE OR REPLACE FUNCTION private.server_pii_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT r.tenant_id FROM private.server_roles r
        JOIN control.memberships m ON m.tenant_id = r.tenant_id AND m.user_id = r.user_id
        WHERE r.role_name = session_user AND r.valid_until > statement_timestamp() AND r.pii AND m.pii $$;
