/**
 * What the bodies of requests are, by method and path: the tables that they are read by.
 */
import { CHECK_ALONE } from '../../decode/check-fields.ts';
import { type FieldTable, fieldsSchema, type Schema } from '../../decode/json-fields.ts';
import { AGENT_SERVICE } from '../../decode/service-fields.ts';
import { LOGIN, METHOD, RULE } from '../documents/acl/acl-login-document.ts';
import { POLICY, ROLE } from '../documents/acl/acl-policy-document.ts';
import { TOKEN } from '../documents/acl/acl-token-document.ts';
import { SETTINGS } from '../documents/autopilot-document.ts';
import { DEREGISTRATION, REGISTRATION } from '../documents/catalog-registration.ts';
import { QUERY } from '../documents/query-document.ts';
import { SESSION } from '../documents/session-document.ts';
import { TXN_OPERATIONS } from '../documents/txn-document.ts';
import { ASKED } from '../request/acl-questions.ts';
import { PREVIEW as RULES_PREVIEW } from '../routes/acl-preview-routes.ts';
import { BOOTSTRAP, EXPLAIN, PREVIEW as TEMPLATE_PREVIEW } from '../routes/acl-routes.ts';
import { CLONE_BODY } from '../routes/acl-token-routes.ts';
import { UPDATE as CHECK_UPDATE } from '../routes/agent-checks-routes.ts';
import { TOKEN as AGENT_TOKEN } from '../routes/agent-routes.ts';
import { UPDATE as COORDINATE_UPDATE } from '../routes/coordinate-routes.ts';

const fields = (table: object): Schema => fieldsSchema(table as FieldTable<object>);

/** The bodies that are JSON. */
export function bodySchemas(): Readonly<Record<string, Schema>> {
  const [token, policy, role] = [fields(TOKEN), fields(POLICY), fields(ROLE)];
  const [method, rule, query] = [fields(METHOD), fields(RULE), fields(QUERY)];
  return {
    'PUT /v1/acl/bootstrap': fields(BOOTSTRAP),
    'PUT /v1/acl/token': token,
    'PUT /v1/acl/token/*': { anyOf: [token, fields(CLONE_BODY)] },
    'PUT /v1/acl/policy': policy,
    'PUT /v1/acl/policy/*': policy,
    'PUT /v1/acl/role': role,
    'PUT /v1/acl/role/*': role,
    'PUT /v1/acl/auth-method': method,
    'PUT /v1/acl/auth-method/*': method,
    'PUT /v1/acl/binding-rule': rule,
    'PUT /v1/acl/binding-rule/*': rule,
    'POST /v1/acl/login': fields(LOGIN),
    'POST /v1/acl/templated-policy/preview/*': fields(TEMPLATE_PREVIEW),
    'POST /v1/internal/acl/preview': fields(RULES_PREVIEW),
    'POST /v1/internal/acl/authorize': { type: 'array', items: fields(ASKED) },
    'POST /v1/internal/acl/explain': fields(EXPLAIN),
    'PUT /v1/agent/check/register': fields(CHECK_ALONE),
    'PUT /v1/agent/check/test': fields(CHECK_ALONE),
    'PUT /v1/agent/check/update/*': fields(CHECK_UPDATE),
    'PUT /v1/agent/service/register': fields(AGENT_SERVICE),
    'PUT /v1/agent/token/*': fields(AGENT_TOKEN),
    'PUT /v1/catalog/register': fields(REGISTRATION),
    'PUT /v1/catalog/deregister': fields(DEREGISTRATION),
    'PUT /v1/coordinate/update': fields(COORDINATE_UPDATE),
    'PUT /v1/operator/autopilot/configuration': fields(SETTINGS),
    'POST /v1/query': query,
    'PUT /v1/query/*': query,
    'PUT /v1/session/create': fields(SESSION),
    'PUT /v1/txn': TXN_OPERATIONS.schema?.() ?? {},
  };
}
