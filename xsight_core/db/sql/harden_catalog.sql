-- The second wall for notebook roles: shared channels and other tenants' metadata that PUBLIC has by default.
-- Needs a superuser; XSight's own roles keep what is taken from PUBLIC. pandas, psycopg and SQLAlchemy still work
-- (tested), which is why pg_class, pg_type, pg_attribute and the like stay open.
DO $$
DECLARE
  f regprocedure;
  v text;
BEGIN
  FOR f IN
    SELECT oid::regprocedure FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND (
      proname ~ '^(lo_|lowrite$|loread$|pg_(try_)?advisory|pg_stat_get_|pg_sleep|pg_lock_status$)'
      OR proname IN (
        'pg_notify', 'pg_notification_queue_usage', 'pg_listening_channels', 'pg_logical_emit_message',
        'pg_export_snapshot', 'pg_relation_size', 'pg_total_relation_size', 'pg_table_size', 'pg_indexes_size',
        'pg_database_size', 'pg_tablespace_size', 'pg_current_wal_lsn', 'pg_current_wal_insert_lsn',
        'txid_current', 'txid_current_snapshot', 'pg_current_xact_id', 'pg_current_snapshot',
        'pg_blocking_pids', 'pg_safe_snapshot_blocking_pids', 'pg_prepared_xact', 'pg_cursor',
        'query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema', 'table_to_xml', 'schema_to_xml',
        'database_to_xml', 'cursor_to_xml', 'ts_stat'))
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO xsight_owner, xsight_minter, xsight_app', f);
  END LOOP;
  FOR v IN
    SELECT oid::regclass::text FROM pg_class
    WHERE relnamespace = 'pg_catalog'::regnamespace AND (
      relname ~ '^pg_(stat|statio|stats)(_|$)'
      OR relname IN (
        'pg_roles', 'pg_user', 'pg_group', 'pg_auth_members', 'pg_db_role_setting', 'pg_locks', 'pg_stats',
        'pg_stats_ext', 'pg_stats_ext_exprs', 'pg_prepared_xacts', 'pg_shdepend', 'pg_shdescription',
        'pg_largeobject_metadata', 'pg_policies', 'pg_policy', 'pg_default_acl', 'pg_init_privs'))
  LOOP
    EXECUTE format('REVOKE SELECT ON %s FROM PUBLIC', v);
    IF v NOT IN ('pg_statistic', 'pg_statistic_ext_data') THEN
      EXECUTE format('GRANT SELECT ON %s TO xsight_owner, xsight_minter, xsight_app', v);
    END IF;
  END LOOP;
END $$;
