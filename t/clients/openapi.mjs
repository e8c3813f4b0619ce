// @apidevtools/swagger-parser validates the document; librechat-data-provider imports it as a GPT action and calls each operation.
import SwaggerParser from '@apidevtools/swagger-parser';
import { openapiToFunction, validateAndParseOpenAPISpec, validateActionDomain } from 'librechat-data-provider';
import { end, facts, is, ok, refused } from './play.mjs';

const fetched = async (path) => (await fetch(facts.issuer + path)).text();
const text = await fetched('/openapi.json');

const valid = await SwaggerParser.validate(JSON.parse(text));
is(valid.openapi, '3.1.0', 'swagger-parser: valid');

const imported = validateAndParseOpenAPISpec(text);
is([imported.status, imported.message], [true, 'OpenAPI spec is valid.'], 'the importer takes it');
is(imported.serverUrl, facts.issuer, 'the server is this one');
is(validateActionDomain(facts.issuer, imported.serverUrl).isValid, true, 'in its domain');

const { functionSignatures, requestBuilders } = openapiToFunction(imported.spec);
is(functionSignatures.map((one) => one.name), ['hello', 'sayMyName', 'helloUser', 'sayMyNameToUser'], 'four functions');
ok(functionSignatures.every((one) => one.description), 'each with a description');
is(functionSignatures[1].parameters.required, ['name'], 'a parameter from the body');
ok(Object.values(requestBuilders).every((one) => !one.isConsequential), 'none of consequence');

// The manifest has the fields of the GPT builder under the names that the builder stores.
const manifest = JSON.parse(await fetched('/.well-known/ai-plugin.json'));
is(manifest.api.url, `${facts.issuer}/openapi.json`, 'the manifest names the document');
const oauth = {
    auth: { ...manifest.auth, token_exchange_method: 'default_post' },
    oauth_client_id: 'notes',
    oauth_client_secret: 'unused',
    oauth_access_token: facts.token,
};
const byKey = (fields, key = facts.key) => ({ auth: { type: 'service_http', ...fields }, api_key: key });

async function call(name, auth, params) {
    const executor = requestBuilders[name].createExecutor();
    await executor.setAuth(auth);
    return (await executor.setParams(params ?? {}).execute()).data;
}

is((await call('hello', {})).message, 'Hello, world!', 'a call without sign-in');
is((await call('sayMyName', {}, { name: 'Bob' })).message, 'Hello, Bob!', 'one with a body');
is((await call('helloUser', oauth)).user, 'alice', 'a call with a token');
is((await call('sayMyNameToUser', oauth, { name: 'Bob' })).message, 'Hello, Bob!', 'one with a body and a token');
const methods = {
    bearer: { authorization_type: 'bearer' },
    basic: { authorization_type: 'basic' },
    custom: { authorization_type: 'custom', custom_auth_header: 'X-Api-Key' },
};
for (const [name, fields] of Object.entries(methods)) {
    is((await call('helloUser', byKey(fields))).scope, 'hello', `a call with a key: ${name}`);
    const error = await refused(call('helloUser', byKey(fields, 'gptk_wrong')), `a call with a wrong key: ${name}`);
    ok([401, 403].includes(error.response?.status), `... by its status ${error.response?.status}`);
}
const error = await refused(call('helloUser', {}), 'a call without a token');
is(error.response?.status, 401, '... by its status');

end();
