-- How often which statement ran, for the audit log (private.note_statements). Where PostgreSQL was built without it,
-- what notebooks ask is not in the log. Nobody but the minter may look: it tells of everybody's statements.
DO $$
DECLARE
  f regprocedure;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements') THEN
    RETURN;
  END IF;
  CREATE SCHEMA IF NOT EXISTS statements;
  REVOKE ALL ON SCHEMA statements FROM PUBLIC;
  CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA statements;
  REVOKE ALL ON statements.pg_stat_statements, statements.pg_stat_statements_info FROM PUBLIC;
  FOR f IN
    SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
      JOIN pg_extension e ON e.oid = d.refobjid WHERE e.extname = 'pg_stat_statements'
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
  GRANT USAGE ON SCHEMA statements TO xsight_minter;
  GRANT EXECUTE ON FUNCTION statements.pg_stat_statements(boolean) TO xsight_minter;
END $$;
