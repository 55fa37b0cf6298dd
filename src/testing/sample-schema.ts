/**
 * The sample Gateway's tables: `CREATE TABLE` statements in an order that does not matter, since foreign keys refer
 * both ways.
 */
export function* sampleSchema(): Generator<string> {
  for (const [table, columns] of Object.entries({ ...plainTables, ...entityTables() })) {
    yield `CREATE TABLE ${table} (${columns}) ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE=utf8_bin;\n`;
  }
}

// Every entity starts alike; only what follows is written down.
function entityTables(): Record<string, string> {
  const start = 'goid binary(16) NOT NULL, version int(11) NOT NULL';
  return Object.fromEntries(
    Object.entries(entities).map(([table, columns]) => [table, `${start}, ${columns}, PRIMARY KEY (goid)`]),
  );
}

const name = 'name varchar(128) NOT NULL';
const zone = 'security_zone_goid binary(16)';
const goid = (column: string) => `${column} binary(16)`;
const foreign = (column: string, table: string, action = 'CASCADE') =>
  `FOREIGN KEY (${column}) REFERENCES ${table} (goid) ON DELETE ${action}`;
const property = (owner: string, column: string) =>
  `${column} binary(16) NOT NULL, name varchar(128) NOT NULL, value mediumtext NOT NULL, PRIMARY KEY (${column}, name), ${foreign(column, owner)}`;

const entities: Readonly<Record<string, string>> = {
  active_connector: `${name}, enabled tinyint(1) NOT NULL DEFAULT 0, type varchar(64) NOT NULL, hardwired_service_goid binary(16), ${zone}`,
  assertion_access: `assertion_class varchar(255) NOT NULL UNIQUE, ${zone}`,
  cassandra_connection: `${name} , keyspace_name varchar(128) NOT NULL, contact_points varchar(4096) NOT NULL, port int(11) NOT NULL, enabled tinyint(1) DEFAULT 1`,
  client_cert:
    'provider binary(16) NOT NULL, user_id varchar(255), login varchar(255), cert mediumtext DEFAULT NULL, reset_counter int(11) NOT NULL, thumbprint_sha1 varchar(64), ski varchar(64), subject_dn varchar(2048), issuer_dn varchar(2048), serial varchar(255), KEY i_subject_dn (subject_dn(255)), KEY i_ski (ski)',
  cluster_properties:
    'propkey varchar(255) NOT NULL UNIQUE, propvalue mediumtext NOT NULL, properties mediumtext',
  connector: `${name}, enabled tinyint(1) NOT NULL DEFAULT 0, port int(8) NOT NULL, scheme varchar(128) NOT NULL DEFAULT 'http', endpoints varchar(255) NOT NULL, secure tinyint(1) NOT NULL DEFAULT 0, client_auth tinyint(1) NOT NULL DEFAULT 0, keystore_goid binary(16), key_alias varchar(255), ${zone}`,
  custom_key_value_store: `name varchar(128) NOT NULL UNIQUE, value mediumblob NOT NULL`,
  email_listener: `${name}, host varchar(128) NOT NULL, port int(8) NOT NULL, server_type varchar(4) NOT NULL, use_ssl tinyint(1) NOT NULL, username varchar(255) NOT NULL, password varchar(32) NOT NULL, folder varchar(255) NOT NULL, poll_interval int(8) NOT NULL, active tinyint(1) NOT NULL DEFAULT 1, properties mediumtext`,
  encapsulated_assertion: `${name}, guid varchar(255) NOT NULL UNIQUE, policy_goid binary(16) NOT NULL, ${zone}, ${foreign('policy_goid', 'policy')}`,
  encapsulated_assertion_argument: `encapsulated_assertion_goid binary(16) NOT NULL, argument_name varchar(128) NOT NULL, argument_type varchar(128) NOT NULL, ordinal int(20) NOT NULL, gui_prompt tinyint(1) NOT NULL, ${foreign('encapsulated_assertion_goid', 'encapsulated_assertion')}`,
  encapsulated_assertion_result: `encapsulated_assertion_goid binary(16) NOT NULL, result_name varchar(128) NOT NULL, result_type varchar(128) NOT NULL, ${foreign('encapsulated_assertion_goid', 'encapsulated_assertion')}`,
  esm_event: `${name}, occurred bigint(20) NOT NULL, detail mediumtext`,
  fed_group:
    'provider_goid binary(16) NOT NULL, name varchar(128) NOT NULL, description mediumtext, UNIQUE KEY i_name (provider_goid, name)',
  fed_group_virtual:
    'provider_goid binary(16) NOT NULL, name varchar(128) NOT NULL, description mediumtext, x509_subject_dn_pattern varchar(1024), saml_email_pattern varchar(128), properties mediumtext',
  fed_user:
    'provider_goid binary(16) NOT NULL, name varchar(128) NOT NULL, subject_dn varchar(1024), email varchar(128), login varchar(255), first_name varchar(32), last_name varchar(32)',
  firewall_rule: `${name}, enabled tinyint(1) NOT NULL DEFAULT 1, ordinal int(11) NOT NULL`,
  folder: `${name}, parent_folder_goid binary(16), ${zone}, UNIQUE KEY i_name_parent (name, parent_folder_goid), ${foreign('parent_folder_goid', 'folder')}`,
  generic_entity: `${name}, description mediumtext, classname varchar(255) NOT NULL, enabled tinyint(1) DEFAULT 1, value_xml mediumtext`,
  http_configuration:
    'host varchar(128) NOT NULL, port int(5) NOT NULL DEFAULT 0, protocol varchar(8), path varchar(4096), username varchar(255), password_goid binary(16), ntlm_host varchar(128), connect_timeout int(10) NOT NULL DEFAULT -1, read_timeout int(10) NOT NULL DEFAULT -1, follow_redirects tinyint(1) NOT NULL DEFAULT 0',
  identity_provider: `${name}, description mediumtext, type int(11) NOT NULL, properties mediumtext, ${zone}`,
  internal_group:
    'name varchar(128) NOT NULL UNIQUE, description mediumtext, enabled tinyint(1) NOT NULL DEFAULT 1',
  internal_user:
    'name varchar(128), login varchar(255) NOT NULL UNIQUE, password varchar(256) NOT NULL, digest varchar(32), first_name varchar(32), last_name varchar(32), email varchar(128), description varchar(255), expiration bigint(20) NOT NULL, password_expiry bigint(20) DEFAULT 0, change_password tinyint(1) DEFAULT 1, enabled tinyint(1) NOT NULL DEFAULT 1, properties mediumtext',
  internal_user_group: `internal_group binary(16), provider_goid binary(16) NOT NULL, user_goid binary(16), subgroup_id varchar(255), ${foreign('user_goid', 'internal_user')}`,
  jdbc_connection: `${name}, driver_class varchar(256), jdbc_url varchar(4096), user_name varchar(128), password varchar(255), enabled tinyint(1) DEFAULT 1, min_pool_size int(11) DEFAULT 3, max_pool_size int(11) DEFAULT 15, additional_properties mediumtext`,
  jms_connection: `${name}, jndi_url varchar(255) NOT NULL, factory_classname varchar(255) NOT NULL, destination_factory_url varchar(4096), queue_factory_url varchar(4096), username varchar(255), password varchar(255), is_template tinyint(1) NOT NULL DEFAULT 0, properties mediumtext`,
  jms_endpoint: `connection_goid binary(16) NOT NULL, ${name}, destination_name varchar(128), is_message_source tinyint(1) DEFAULT 0, disabled tinyint(1) NOT NULL DEFAULT 0, request_max_size bigint(20) NOT NULL DEFAULT -1, ${foreign('connection_goid', 'jms_connection')}`,
  keystore_file: `${name}, format varchar(128) NOT NULL, databytes mediumblob, properties mediumtext`,
  keystore_key_metadata: `keystore_file_goid binary(16) NOT NULL, alias varchar(255) NOT NULL, ${zone}, UNIQUE KEY i_alias (keystore_file_goid, alias), ${foreign('keystore_file_goid', 'keystore_file')}`,
  logon_info:
    "provider_goid binary(16) NOT NULL, login varchar(255) NOT NULL, fail_count int(11) NOT NULL DEFAULT 0, last_attempted bigint(20) NOT NULL, last_activity bigint(20) NOT NULL, state varchar(32) NOT NULL DEFAULT 'ACTIVE', UNIQUE KEY i_login (provider_goid, login)",
  message_context_mapping_keys:
    'digested varchar(36) NOT NULL, mapping1_type varchar(36), mapping1_key varchar(128), mapping2_type varchar(36), mapping2_key varchar(128), create_time bigint(20)',
  message_context_mapping_values: `digested varchar(36) NOT NULL, mapping_keys_goid binary(16) NOT NULL, auth_user_provider_id binary(16), auth_user_id varchar(255), service_operation varchar(255), mapping1_value varchar(255), create_time bigint(20), ${foreign('mapping_keys_goid', 'message_context_mapping_keys')}`,
  password_history: `internal_user_goid binary(16) NOT NULL, last_changed bigint(20) NOT NULL, order_id bigint(20) NOT NULL, prev_password varchar(256), ${foreign('internal_user_goid', 'internal_user')}`,
  password_policy: `internal_identity_provider_goid binary(16), properties mediumtext, UNIQUE KEY i_provider (internal_identity_provider_goid), ${foreign('internal_identity_provider_goid', 'identity_provider')}`,
  policy: `guid char(36) NOT NULL UNIQUE, name varchar(255) NOT NULL, policy_type varchar(32) NOT NULL, xml mediumtext NOT NULL, soap tinyint(1) NOT NULL DEFAULT 0, internal_tag varchar(255), internal_sub_tag varchar(255), folder_goid binary(16), ${zone}, KEY i_policy_type (policy_type), ${foreign('folder_goid', 'folder', 'SET NULL')}`,
  policy_alias: `policy_goid binary(16) NOT NULL, folder_goid binary(16) NOT NULL, ${zone}, ${foreign('policy_goid', 'policy')}, ${foreign('folder_goid', 'folder')}`,
  policy_backed_service: `${name}, interface_name varchar(255) NOT NULL, ${zone}`,
  policy_backed_service_operation: `policy_backed_service_goid binary(16) NOT NULL, ${name}, policy_goid binary(16) NOT NULL, ${foreign('policy_goid', 'policy')}`,
  policy_version: `name varchar(255), policy_goid binary(16) NOT NULL, ordinal int(20) NOT NULL, time bigint(20) NOT NULL, user_provider_goid binary(16), user_login varchar(255), active tinyint(1) NOT NULL, xml mediumtext NOT NULL, UNIQUE KEY i_policy_ordinal (policy_goid, ordinal), ${foreign('policy_goid', 'policy')}`,
  published_service: `name varchar(255) NOT NULL, policy_goid binary(16), wsdl_url varchar(4096), wsdl_xml mediumtext, disabled tinyint(1) NOT NULL DEFAULT 0, soap tinyint(1) NOT NULL DEFAULT 1, internal tinyint(1) NOT NULL DEFAULT 0, routing_uri varchar(128), default_routing_url varchar(4096), http_methods mediumtext, lax_resolution tinyint(1) NOT NULL DEFAULT 0, wss_processing tinyint(1) NOT NULL DEFAULT 1, tracing tinyint(1) NOT NULL DEFAULT 0, folder_goid binary(16), soap_version varchar(20) DEFAULT 'UNKNOWN', uuid varchar(48), ${zone}, ${foreign('policy_goid', 'policy', 'SET NULL')}, ${foreign('folder_goid', 'folder', 'SET NULL')}`,
  published_service_alias: `published_service_goid binary(16) NOT NULL, folder_goid binary(16) NOT NULL, ${foreign('published_service_goid', 'published_service')}`,
  rbac_assignment: `provider_goid binary(16) NOT NULL, role_goid binary(16) NOT NULL, identity_id varchar(255) NOT NULL, entity_type varchar(50) NOT NULL, inherited tinyint(1) NOT NULL DEFAULT 0, UNIQUE KEY i_assignment (provider_goid, role_goid, identity_id), ${foreign('role_goid', 'rbac_role')}`,
  rbac_permission: `role_goid binary(16), operation_type varchar(16), other_operation varchar(255), entity_type varchar(255), ${foreign('role_goid', 'rbac_role')}`,
  rbac_predicate: `permission_goid binary(16), ${foreign('permission_goid', 'rbac_permission')}`,
  rbac_role: `${name}, tag varchar(36), entity_type varchar(255), entity_goid binary(16), description mediumtext, user_created tinyint(1) NOT NULL DEFAULT 0, KEY i_entity (entity_goid)`,
  resource_entry: `uri varchar(4096) NOT NULL, uri_hash varchar(128) NOT NULL UNIQUE, type varchar(32) NOT NULL, content_type varchar(1024) NOT NULL, content mediumtext NOT NULL, description varchar(255), resource_key1 varchar(4096), ${zone}`,
  revocation_check_policy: `${name}, revocation_policy_xml mediumtext, default_policy tinyint(1) DEFAULT 0, default_success tinyint(1) DEFAULT 0`,
  sample_messages: `published_service_goid binary(16), ${name}, xml mediumtext NOT NULL, operation_name mediumtext, ${foreign('published_service_goid', 'published_service')}`,
  scheduled_task: `${name}, policy_goid binary(16) NOT NULL, use_one_node tinyint(1) NOT NULL DEFAULT 0, job_type varchar(128) NOT NULL, job_status varchar(128) NOT NULL, execution_date bigint(20), cron_expression varchar(128), ${foreign('policy_goid', 'policy')}`,
  secure_password: `name varchar(128) NOT NULL UNIQUE, description varchar(128), usage_from_variable tinyint(1) NOT NULL DEFAULT 0, encoded_password mediumtext NOT NULL, last_update bigint(20) NOT NULL DEFAULT 0, type varchar(64) NOT NULL DEFAULT 'PASSWORD'`,
  security_zone: `name varchar(128) NOT NULL UNIQUE, description varchar(255) NOT NULL, entity_types varchar(4096) NOT NULL`,
  server_module_file: `${name}, module_type varchar(64) NOT NULL, module_sha256 varchar(255) NOT NULL, properties mediumtext`,
  server_module_file_state: `server_module_file_goid binary(16) NOT NULL, node_id varchar(36) NOT NULL, state varchar(64) NOT NULL, error_message mediumtext, ${foreign('server_module_file_goid', 'server_module_file')}`,
  service_documents: `service_goid binary(16) NOT NULL, uri varchar(4096), type varchar(32) NOT NULL, content_type varchar(32) NOT NULL, content mediumtext, ${foreign('service_goid', 'published_service')}`,
  sink_config: `name varchar(32) NOT NULL, description mediumtext, type varchar(32) NOT NULL DEFAULT 'FILE', enabled tinyint(1) NOT NULL DEFAULT 0, severity varchar(32) NOT NULL DEFAULT 'INFO', categories mediumtext, properties mediumtext`,
  siteminder_configuration: `${name}, address varchar(128) NOT NULL, secret varchar(4096) NOT NULL, hostname varchar(255) NOT NULL, host_configuration varchar(256), ipcheck tinyint(1) NOT NULL DEFAULT 0, update_sso_token tinyint(1) NOT NULL DEFAULT 0, enabled tinyint(1) NOT NULL DEFAULT 1`,
  // These two refer to each other: no order of creation satisfies both keys.
  solution_kit: `${name}, sk_guid varchar(255) NOT NULL, sk_version varchar(32) NOT NULL, uploaded bigint(20), main_meta_goid binary(16), parent_goid binary(16), ${foreign('parent_goid', 'solution_kit', 'SET NULL')}, ${foreign('main_meta_goid', 'solution_kit_meta', 'SET NULL')}`,
  solution_kit_meta: `solution_kit_goid binary(16) NOT NULL, meta mediumtext NOT NULL, ${foreign('solution_kit_goid', 'solution_kit')}`,
  trusted_cert:
    'name varchar(128) NOT NULL, subject_dn varchar(500), cert_base64 mediumtext NOT NULL, trust_ssl tinyint(1) NOT NULL DEFAULT 0, trust_signing_clients tinyint(1) NOT NULL DEFAULT 0, trust_signing_servers tinyint(1) NOT NULL DEFAULT 0, thumbprint_sha1 varchar(64), ski varchar(64), revocation_type varchar(128) NOT NULL, issuer_dn varchar(500), serial varchar(255)',
  trusted_esm: `esm_id varchar(128) NOT NULL UNIQUE, trusted_cert_goid binary(16) NOT NULL, ${foreign('trusted_cert_goid', 'trusted_cert')}`,
  trusted_esm_user: `trusted_esm_goid binary(16) NOT NULL, provider_goid binary(16) NOT NULL, user_id varchar(128) NOT NULL, esm_user_id varchar(128) NOT NULL, esm_user_display_name varchar(128), ${foreign('trusted_esm_goid', 'trusted_esm')}`,
  uddi_business_service_status: `uddi_registry_goid binary(16), published_service_goid binary(16) NOT NULL, uddi_service_key varchar(255) NOT NULL, uddi_service_name varchar(255) NOT NULL`,
  uddi_proxied_service: `uddi_proxied_service_info_goid binary(16) NOT NULL, uddi_service_key varchar(255) NOT NULL UNIQUE, uddi_service_name varchar(255) NOT NULL, ${foreign('uddi_proxied_service_info_goid', 'uddi_proxied_service_info')}`,
  uddi_proxied_service_info: `published_service_goid binary(16) NOT NULL, uddi_registry_goid binary(16) NOT NULL, publish_type varchar(20) NOT NULL, wsdl_hash varchar(512) NOT NULL, properties mediumtext, ${foreign('uddi_registry_goid', 'uddi_registries')}`,
  uddi_publish_status: `uddi_proxied_service_info_goid binary(16) NOT NULL, status varchar(100), fail_count int(11) NOT NULL DEFAULT 0, ${foreign('uddi_proxied_service_info_goid', 'uddi_proxied_service_info')}`,
  uddi_registries: `${name}, enabled tinyint(1) NOT NULL DEFAULT 0, registry_type varchar(255) NOT NULL, base_url varchar(4096) NOT NULL, security_url varchar(4096) NOT NULL, user_name varchar(128), password varchar(128)`,
  uddi_registry_subscription: `uddi_registry_goid binary(16), uddi_subscription_key varchar(255) NOT NULL, uddi_subscription_expiry_time bigint(20) NOT NULL, uddi_subscription_notified_time bigint(20) NOT NULL`,
  uddi_service_control: `published_service_goid binary(16) NOT NULL, uddi_registry_goid binary(16) NOT NULL, uddi_service_key varchar(255) NOT NULL, under_uddi_control tinyint(1) DEFAULT 0, monitoring_enabled tinyint(1) DEFAULT 0`,
  work_queue: `name varchar(128) NOT NULL UNIQUE, max_queue_size int(11) NOT NULL DEFAULT 0, thread_pool_max int(11) NOT NULL DEFAULT 0, reject_policy varchar(128) NOT NULL, ${zone}`,
  wsdm_subscription: `published_service_goid binary(16) NOT NULL, callback_url varchar(255) NOT NULL, uuid varchar(36) NOT NULL UNIQUE, topic int(11) NOT NULL, termination_time bigint(20) NOT NULL, last_notification bigint(20), owner_node_id varchar(36), callback_policy_goid binary(16), esm_service_goid binary(16) NOT NULL DEFAULT x'0000000000000000ffffffffffffffff', reference_parameters mediumtext`,
};

const audit = (columns: string) =>
  `goid binary(16) NOT NULL, ${columns}, PRIMARY KEY (goid), ${foreign('goid', 'audit_main')}`;

const plainTables: Readonly<Record<string, string>> = {
  active_connector_property: property('active_connector', 'connector_goid'),
  audit_admin: audit('entity_class varchar(1024), entity_id binary(16), action char(1)'),
  audit_detail: `goid binary(16) NOT NULL, audit_goid binary(16) NOT NULL, time bigint(20) NOT NULL, component_id int(11), ordinal int(11), message_id int(11) NOT NULL, exception_message mediumtext, PRIMARY KEY (goid), KEY i_component (component_id), ${foreign('audit_goid', 'audit_main')}`,
  audit_detail_params: `audit_detail_goid binary(16) NOT NULL, position int(11) NOT NULL, value mediumtext NOT NULL, PRIMARY KEY (audit_detail_goid, position), ${foreign('audit_detail_goid', 'audit_detail')}`,
  audit_main:
    'goid binary(16) NOT NULL, nodeid varchar(32) NOT NULL, time bigint(20) NOT NULL, audit_level varchar(12) NOT NULL, name varchar(255), message varchar(255) NOT NULL, ip_address varchar(39), user_name varchar(255), user_id varchar(255), provider_goid binary(16), signature varchar(1024), PRIMARY KEY (goid), KEY i_nodeid (nodeid), KEY i_time (time)',
  audit_message: audit(
    'status int(11) NOT NULL, request_id varchar(40) NOT NULL, service_goid binary(16), operation_name varchar(255), authenticated tinyint(1) DEFAULT 0, authenticationType int(11), request_length int(11) NOT NULL, response_length int(11), request_zipxml mediumblob, response_zipxml mediumblob, response_status int(11), routing_latency int(11), mapping_values_goid binary(16), KEY i_status (status)',
  ),
  audit_system: audit('component_id int(11) NOT NULL, action varchar(32) NOT NULL'),
  cassandra_connection_property: property('cassandra_connection', 'cassandra_connection_goid'),
  cluster_info:
    'nodeid varchar(32) NOT NULL, mac varchar(18) NOT NULL, name varchar(128) NOT NULL UNIQUE, address varchar(39) NOT NULL, esm_address varchar(39) NOT NULL, multicast_address varchar(39), uptime bigint(20) NOT NULL, avgload double NOT NULL, statustimestamp bigint(20) NOT NULL, PRIMARY KEY (nodeid)',
  cluster_master: 'nodeid varchar(32), touched_time bigint(20) NOT NULL, version int(11) NOT NULL',
  connector_property: property('connector', 'connector_goid'),
  counters:
    'goid binary(16) NOT NULL, countername varchar(255) NOT NULL UNIQUE, cnt_sec bigint(20) DEFAULT 0, cnt_hr bigint(20) DEFAULT 0, cnt_day bigint(20) DEFAULT 0, cnt_mnt bigint(20) DEFAULT 0, last_update bigint(20) DEFAULT 0, PRIMARY KEY (goid)',
  encapsulated_assertion_property: property('encapsulated_assertion', 'encapsulated_assertion_goid'),
  fed_user_group: `${goid('provider_goid')} NOT NULL, ${goid('fed_user_goid')} NOT NULL, ${goid('fed_group_goid')} NOT NULL, PRIMARY KEY (provider_goid, fed_user_goid, fed_group_goid)`,
  firewall_rule_property: property('firewall_rule', 'firewall_rule_goid'),
  goid_upgrade_map:
    'prefix bigint(20) NOT NULL, table_name varchar(255) NOT NULL, PRIMARY KEY (prefix, table_name)',
  hibernate_unique_key: 'next_hi int(11)',
  message_id: 'messageid varchar(255) NOT NULL, expires bigint(20) NOT NULL, PRIMARY KEY (messageid)',
  rbac_predicate_attribute: `goid binary(16) NOT NULL, attribute varchar(255) NOT NULL, value varchar(255), mode varchar(255), PRIMARY KEY (goid), ${foreign('goid', 'rbac_predicate')}`,
  rbac_predicate_entityfolder: `goid binary(16) NOT NULL, entity_type varchar(64) NOT NULL, entity_id varchar(255) NOT NULL, PRIMARY KEY (goid), ${foreign('goid', 'rbac_predicate')}`,
  rbac_predicate_folder: `goid binary(16) NOT NULL, folder_goid binary(16) NOT NULL, transitive tinyint(1) NOT NULL, PRIMARY KEY (goid), ${foreign('goid', 'rbac_predicate')}`,
  rbac_predicate_oid: `goid binary(16) NOT NULL, entity_id varchar(255), PRIMARY KEY (goid), ${foreign('goid', 'rbac_predicate')}`,
  rbac_predicate_security_zone: `goid binary(16) NOT NULL, security_zone_goid binary(16), PRIMARY KEY (goid), ${foreign('goid', 'rbac_predicate')}`,
  service_metrics:
    'goid binary(16) NOT NULL, nodeid varchar(32) NOT NULL, published_service_goid binary(16) NOT NULL, resolution int(11) NOT NULL, period_start bigint(20) NOT NULL, start_time bigint(20) NOT NULL, interval_size int(11) NOT NULL, service_state varchar(16), end_time bigint(20) NOT NULL, attempted int(11) NOT NULL, authorized int(11) NOT NULL, completed int(11) NOT NULL, back_min int(11), back_max int(11), back_sum int(11) NOT NULL, front_min int(11), front_max int(11), front_sum int(11) NOT NULL, PRIMARY KEY (goid), UNIQUE KEY i_metrics (nodeid, published_service_goid, resolution, period_start)',
  service_metrics_details: `service_metrics_goid binary(16) NOT NULL, mapping_values_goid binary(16) NOT NULL, attempted int(11) NOT NULL, authorized int(11) NOT NULL, completed int(11) NOT NULL, back_sum int(11) NOT NULL, front_sum int(11) NOT NULL, PRIMARY KEY (service_metrics_goid, mapping_values_goid), ${foreign('service_metrics_goid', 'service_metrics')}`,
  service_usage:
    'serviceid binary(16) NOT NULL, nodeid varchar(32) NOT NULL, requestnr bigint(20) NOT NULL, authorizedreqnr bigint(20) NOT NULL, completedreqnr bigint(20) NOT NULL, PRIMARY KEY (serviceid, nodeid)',
  shared_keys: 'encodingid varchar(32) NOT NULL, b64edKey varchar(2048) NOT NULL, PRIMARY KEY (encodingid)',
  siteminder_configuration_property: property('siteminder_configuration', 'siteminder_configuration_goid'),
  ssg_version: 'current_version varchar(10) NOT NULL',
  work_queue_property: property('work_queue', 'work_queue_goid'),
  wssc_session:
    'goid binary(16) NOT NULL, session_key_hash varchar(128) NOT NULL UNIQUE, inbound tinyint(1) NOT NULL, identifier varchar(4096) NOT NULL, service_url varchar(4096), encrypted_key varchar(4096), created bigint(20) NOT NULL, expires bigint(20) NOT NULL, provider_goid binary(16) NOT NULL, user_id varchar(255), user_login varchar(255), PRIMARY KEY (goid)',
};
