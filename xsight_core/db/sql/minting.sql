-- Logins of Hub servers. Owned by xsight_minter (NOLOGIN, CREATEROLE), callable by xsight_spawner only.
-- createrole_self_grant: the minter inherits what it mints, so it may end those sessions and no others.

-- What a server's role has asked the database since the last look goes into its tenant's audit log: the digest of the
-- statement without its constants, how often it ran and how many rows it gave. PostgreSQL counts for these roles alone
-- (mint_server_role); `asked` keeps what was told before, so an event and its count are written both or neither.
-- Nothing is told where the server was started without pg_stat_statements. Returns how many events were written.
CREATE OR REPLACE FUNCTION private.note_statements(role text) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  asker private.server_roles;
  told jsonb := '{}';
  statement record;
  before jsonb;
  noted integer := 0;
BEGIN
  SELECT * INTO asker FROM private.server_roles r WHERE r.role_name = role FOR UPDATE;
  IF NOT FOUND OR to_regprocedure('statements.pg_stat_statements(boolean)') IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM set_config('app.tenant_id', asker.tenant_id::text, true);
  FOR statement IN
    SELECT encode(sha256(convert_to(s.query, 'UTF8')), 'hex') AS digest, sum(s.calls)::bigint AS calls,
           sum(s.rows)::bigint AS rows
      FROM statements.pg_stat_statements(true) s JOIN pg_roles p ON p.oid = s.userid
      WHERE p.rolname = role AND s.toplevel AND s.query !~* '^\s*(begin|start|commit|end|rollback|abort|savepoint'
        '|release|set|reset|show|discard|deallocate|close|listen|unlisten)\M'
      GROUP BY 1 ORDER BY 1
  LOOP
    before := asker.asked -> statement.digest;
    IF (before ->> 0)::bigint > statement.calls THEN
      before := NULL;  -- it was forgotten for newer ones, and counted anew
    END IF;
    told := told || jsonb_build_object(statement.digest, jsonb_build_array(statement.calls, statement.rows));
    IF statement.calls > coalesce((before ->> 0)::bigint, 0) THEN
      INSERT INTO xsight.audit_events (tenant_id, actor_kind, actor, action, object, rows, details)
        VALUES (asker.tenant_id, 'notebook', asker.user_id::text, 'notebook.asked', asker.server,
                statement.rows - coalesce((before ->> 1)::bigint, 0),
                json_build_object('calls', statement.calls - coalesce((before ->> 0)::bigint, 0),
                                  'role', role, 'statement', statement.digest)::text);
      noted := noted + 1;
    END IF;
  END LOOP;
  UPDATE private.server_roles r SET asked = told, noted_at = clock_timestamp() WHERE r.role_name = role;
  PERFORM set_config('app.tenant_id', '', true);
  RETURN noted;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
  RETURN 0;  -- the extension is there, its library was not loaded at the server's start
END $$;

-- Ends the role's sessions and removes it. False: there was no such role.
CREATE OR REPLACE FUNCTION private.drop_server_role(role text) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
BEGIN
  PERFORM FROM private.server_roles WHERE role_name = role FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
    DELETE FROM private.server_roles WHERE role_name = role;
    RETURN true;
  END IF;
  EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', role);
  PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = role;
  BEGIN
    PERFORM private.note_statements(role);
  EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'the last statements of role % are not in the audit log: %', role, SQLERRM;  -- it ends all the same
  END;
  DELETE FROM private.server_roles WHERE role_name = role;
  BEGIN
    EXECUTE format('DROP OWNED BY %I', role);  -- ALTER DEFAULT PRIVILEGES would make it undroppable
    EXECUTE format('DROP ROLE %I', role);
  EXCEPTION WHEN dependent_objects_still_exist THEN
    RAISE WARNING 'role % left something in another database: it cannot log in, but stays', role;
  END;
  RETURN true;
END $$;

-- A login for one Hub server: read-only, bounded, short-lived, one tenant. user_id is null for a tenant's
-- dashboard server, which never sees personal data; an analyst's right is at most the membership's.
-- password: plain, or a SCRAM verifier made by the client.
CREATE OR REPLACE FUNCTION private.mint_server_role(
    tenant_slug text, user_id uuid, pii boolean, server text, password text, valid_until timestamptz)
  RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET createrole_self_grant = 'inherit'
  AS $$
DECLARE
  tenant uuid;
  pii_right boolean := false;
  minted text := 'nb_' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 12);
BEGIN
  SELECT t.id INTO tenant FROM control.tenants t WHERE t.slug = tenant_slug AND t.suspended_at IS NULL;
  IF tenant IS NULL THEN
    RAISE EXCEPTION 'no active tenant %', quote_nullable(tenant_slug) USING ERRCODE = 'no_data_found';
  END IF;
  IF coalesce(length(password), 0) < 16 THEN
    RAISE EXCEPTION 'password: 16 characters or more' USING ERRCODE = 'invalid_password';
  END IF;
  IF coalesce(server, '') = '' THEN
    RAISE EXCEPTION 'server: name the Hub server this role is for' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT coalesce(valid_until BETWEEN now() AND now() + interval '7 days', false) THEN
    RAISE EXCEPTION 'valid_until: between now and 7 days from now' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF user_id IS NULL THEN
    IF pii THEN
      RAISE EXCEPTION 'pii: a dashboard server has no right to personal data'
        USING ERRCODE = 'insufficient_privilege';
    END IF;
  ELSE
    SELECT m.pii AND mint_server_role.pii INTO pii_right
      FROM control.memberships m JOIN control.users u ON u.id = m.user_id
      WHERE m.tenant_id = tenant AND m.user_id = mint_server_role.user_id
        AND m.role IN ('owner', 'admin', 'analyst') AND u.disabled_at IS NULL;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'user_id: not an owner, admin or analyst of %', quote_literal(tenant_slug)
        USING ERRCODE = 'insufficient_privilege';
    END IF;
  END IF;

  -- a server has one role: what a crash left behind goes first
  PERFORM private.drop_server_role(r.role_name) FROM private.server_roles r
    WHERE r.server = mint_server_role.server;

  EXECUTE format(
    'CREATE ROLE %I LOGIN NOINHERIT NOCREATEDB NOCREATEROLE CONNECTION LIMIT %s PASSWORD %L VALID UNTIL %L',
    minted, CASE WHEN user_id IS NULL THEN 24 ELSE 8 END, password, valid_until);
  EXECUTE format('GRANT xsight_notebook TO %I WITH INHERIT TRUE, SET FALSE', minted);
  -- defaults the session may change, not walls: the walls are grants, policies and the reaper
  EXECUTE format('ALTER ROLE %I SET default_transaction_read_only = on', minted);
  EXECUTE format('ALTER ROLE %I SET statement_timeout = ''60s''', minted);
  EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', minted);
  EXECUTE format('ALTER ROLE %I SET search_path = xsight', minted);
  IF has_parameter_privilege('temp_file_limit', 'SET') THEN  -- a wall: the session may not change it
    EXECUTE format('ALTER ROLE %I SET temp_file_limit = ''2GB''', minted);
  END IF;
  IF has_parameter_privilege('pg_stat_statements.track', 'SET') THEN  -- likewise
    EXECUTE format('ALTER ROLE %I SET pg_stat_statements.track = ''top''', minted);
  END IF;
  INSERT INTO private.server_roles (role_name, tenant_id, user_id, pii, server, valid_until)
    VALUES (minted, tenant, user_id, pii_right, server, valid_until);
  RETURN minted;
END $$;

-- Drops the roles of servers that are gone (a Hub calls it when it starts). Returns how many.
CREATE OR REPLACE FUNCTION private.drop_server_roles_except(live text[]) RETURNS integer
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT count(*) FILTER (WHERE private.drop_server_role(r.role_name))::integer
        FROM private.server_roles r WHERE r.role_name <> ALL (coalesce(live, '{}')) $$;

-- Notebooks may lift their own time-outs: whoever runs one transaction longer than this is cut off,
-- and roles past their date go; what they asked is noted. Returns how many sessions and roles ended.
CREATE OR REPLACE FUNCTION private.reap_server_roles(longest interval DEFAULT '90 seconds') RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  ended integer;
  expired integer;
BEGIN
  SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid)) INTO ended
    FROM pg_stat_activity a JOIN private.server_roles r ON r.role_name = a.usename
    WHERE a.xact_start < clock_timestamp() - longest;
  -- an analyst's statements once a minute; those of shipped pages, which are always the same, once an hour
  PERFORM private.note_statements(r.role_name) FROM private.server_roles r
    WHERE r.noted_at < now() - CASE WHEN r.user_id IS NULL THEN interval '1 hour' ELSE interval '1 minute' END;
  SELECT count(*) FILTER (WHERE private.drop_server_role(r.role_name)) INTO expired
    FROM private.server_roles r WHERE r.valid_until < now();
  RETURN ended + expired;
END $$;
