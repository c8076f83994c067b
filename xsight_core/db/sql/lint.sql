-- What could let a notebook, or our own code, past row-level security in this database? No row is the right answer.
-- Schema xsight holds tenants' data; control and private are the listed exceptions.
WITH relations AS (
  SELECT c.oid, c.relname, c.relkind, n.nspname, c.relrowsecurity, c.relforcerowsecurity, c.reloptions, c.relowner
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
), tables AS (
  SELECT * FROM relations WHERE nspname = 'xsight' AND relkind IN ('r', 'p')
)
SELECT 'table without forced row-level security' AS finding, oid::regclass::text AS what FROM tables
  WHERE NOT (relrowsecurity AND relforcerowsecurity)
UNION ALL
SELECT 'table without tenant_id uuid NOT NULL', t.oid::regclass::text FROM tables t
  WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'tenant_id'
                    AND a.attnotnull AND a.atttypid = 'uuid'::regtype)
UNION ALL
SELECT 'table without a primary key', t.oid::regclass::text FROM tables t
  WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)
UNION ALL
SELECT 'index not led by tenant_id', i.indexrelid::regclass::text FROM pg_index i JOIN tables t ON t.oid = i.indrelid
  LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
  WHERE a.attname IS DISTINCT FROM 'tenant_id'
UNION ALL
SELECT 'foreign key that may point into another tenant', k.conrelid::regclass || '.' || k.conname
  FROM pg_constraint k JOIN tables t ON t.oid = k.conrelid
  WHERE k.contype = 'f' AND (SELECT attname FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = k.conkey[1])
    IS DISTINCT FROM 'tenant_id'
UNION ALL
SELECT 'policy that is not one of the generated ones', p.polrelid::regclass || '.' || p.polname
  FROM pg_policy p JOIN relations r ON r.oid = p.polrelid
  WHERE NOT p.polpermissive OR NOT (
    (p.polname = 'app' AND p.polroles = ARRAY['xsight_app'::regrole::oid]
       OR p.polname = 'minter' AND p.polroles = ARRAY['xsight_minter'::regrole::oid]
         AND p.polrelid = 'xsight.audit_events'::regclass)
      AND p.polcmd = '*'
      AND pg_get_expr(p.polqual, p.polrelid) = '(tenant_id = ( SELECT private.app_tenant() AS app_tenant))'
      AND pg_get_expr(p.polwithcheck, p.polrelid) = pg_get_expr(p.polqual, p.polrelid)
    OR p.polname = 'notebook' AND p.polcmd = 'r' AND p.polroles = ARRAY['xsight_notebook'::regrole::oid]
      AND pg_get_expr(p.polqual, p.polrelid) IN (
        '(tenant_id = ( SELECT private.server_tenant() AS server_tenant))',
        '(tenant_id = ( SELECT private.server_pii_tenant() AS server_pii_tenant))'))
UNION ALL
SELECT 'notebooks may write', r.oid::regclass::text FROM relations r WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND has_table_privilege('xsight_notebook', r.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
UNION ALL
SELECT 'notebooks may read outside schema xsight', r.oid::regclass::text FROM relations r
  WHERE r.nspname <> 'xsight' AND r.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND has_any_column_privilege('xsight_notebook', r.oid, 'SELECT')
UNION ALL
SELECT 'view that runs with its owner''s rights', r.oid::regclass::text FROM relations r
  WHERE r.relkind = 'v' AND has_table_privilege('xsight_notebook', r.oid, 'SELECT')
    AND NOT coalesce('security_invoker=true' = ANY (r.reloptions), false)
UNION ALL
SELECT 'materialized view or foreign table open to notebooks', r.oid::regclass::text FROM relations r
  WHERE r.relkind IN ('m', 'f') AND has_table_privilege('xsight_notebook', r.oid, 'SELECT')
UNION ALL
SELECT 'sequence open to notebooks', r.oid::regclass::text FROM relations r
  WHERE CASE r.relkind WHEN 'S' THEN has_sequence_privilege('xsight_notebook', r.oid, 'USAGE, SELECT, UPDATE') END
UNION ALL
SELECT 'function open to notebooks', p.oid::regprocedure::text
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND has_function_privilege('xsight_notebook', p.oid, 'EXECUTE')
    AND p.oid::regprocedure::text NOT IN ('private.server_tenant()', 'private.server_pii_tenant()')
UNION ALL
SELECT 'SECURITY DEFINER without pinned search_path', p.oid::regprocedure::text
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prosecdef AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM unnest(p.proconfig) setting WHERE setting = 'search_path=pg_catalog, pg_temp')
UNION ALL
SELECT 'schema that notebooks may create in', n.nspname FROM pg_namespace n
  WHERE has_schema_privilege('xsight_notebook', n.oid, 'CREATE')
UNION ALL
SELECT 'database that lets notebooks make temporary tables', current_database()
  WHERE has_database_privilege('xsight_notebook', current_database(), 'TEMPORARY, CREATE')
UNION ALL
SELECT 'extension that runs code or dials out', extname FROM pg_extension WHERE extname <> 'plpgsql'
  AND extname IN ('dblink', 'postgres_fdw', 'file_fdw', 'adminpack', 'plpython3u', 'plperlu', 'pltclu')
UNION ALL
SELECT 'role that row-level security does not hold', rolname FROM pg_roles
  WHERE (rolsuper OR rolbypassrls OR rolreplication) AND rolname ~ '^(xsight_|nb_)'
UNION ALL
SELECT 'notebooks belong to a role', r.rolname FROM pg_roles r
  WHERE pg_has_role('xsight_notebook', r.oid, 'MEMBER') AND r.rolname <> 'xsight_notebook'
ORDER BY 1, 2
