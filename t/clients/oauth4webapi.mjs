// oauth4webapi looks at every answer as the RFCs have it. Nothing of that is switched off: no insecure requests, no skipped checks.
import * as oauth from 'oauth4webapi';
import { end, facts, is, ok, refused, secrets, visit } from './play.mjs';

const issuer = new URL(facts.issuer);
const resource = new URL(facts.resource);
const url = new URL(`${resource}/notes.txt`);
const redirectUri = 'https://rp.example/cb';

// Answers the parameters of the only challenge in a refusal.
async function challenge(token) {
    const error = await refused(oauth.protectedResourceRequest(token, 'GET', url), 'the resource refuses it');
    is(error.code, oauth.WWW_AUTHENTICATE_CHALLENGE, '… with a challenge');
    is(error.status, 401, '… and 401');
    is(error.cause?.map((one) => one.scheme), ['bearer'], '… one, of scheme Bearer');
    return error.cause?.[0].parameters ?? {};
}

// What a token is told that is not good, or no more.
async function refusedAtResource(token) {
    const parameters = await challenge(token);
    is(parameters.error, 'invalid_token', '… invalid_token');
    return parameters;
}

const first = await refusedAtResource('gpta_nothing');
const metadataUrl = new URL(first.resource_metadata);
is(metadataUrl.href, `${issuer.origin}/.well-known/oauth-protected-resource${resource.pathname}`, 'the challenge leads to the metadata');
is(first.scope, 'read', '… and names the scope');

const rs = await oauth.processResourceDiscoveryResponse(resource, await oauth.resourceDiscoveryRequest(resource));
is(rs.authorization_servers, [facts.issuer], 'the resource names its authorization server');
is(rs.bearer_methods_supported, ['header'], '… and takes tokens in the header only');

const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2' });
const as = await oauth.processDiscoveryResponse(issuer, discovered);
is(as.issuer, facts.issuer, 'the authorization server is discovered');
ok(as.authorization_response_iss_parameter_supported, '… and says that it names itself in its answers');

const authentication = {
    none: () => oauth.None(),
    client_secret_post: (client) => oauth.ClientSecretPost(client.client_secret),
    client_secret_basic: (client) => oauth.ClientSecretBasic(client.client_secret),
};

async function register(method) {
    const wish = {
        client_name: 'Notebook',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: method,
        scope: 'hello read',
    };
    const client = await oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as, wish));
    secrets(client);
    for (const [name, value] of Object.entries(wish)) {
        is(client[name], value, `registered: ${name}`);
    }
    return client;
}

async function authorize(client, auth) {
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const request = new URL(as.authorization_endpoint);
    request.search = new URLSearchParams({
        client_id: client.client_id,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: rs.scopes_supported.join(' '),
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        resource: rs.resource,
    });
    const parameters = oauth.validateAuthResponse(as, client, await visit(request), state);
    const options = { additionalParameters: { resource: rs.resource } };
    const response = await oauth.authorizationCodeGrantRequest(as, client, auth, parameters, redirectUri, verifier, options);
    return secrets(await oauth.processAuthorizationCodeResponse(as, client, response));
}

async function refresh(client, auth, token) {
    const response = await oauth.refreshTokenGrantRequest(as, client, auth, token);
    return secrets(await oauth.processRefreshTokenResponse(as, client, response));
}

// As the resource server.
async function introspect(token) {
    const client = { client_id: facts.resourceServer.client_id };
    const auth = oauth.ClientSecretBasic(facts.resourceServer.client_secret);
    return oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, auth, token));
}

const isFetched = async (token, name) => is((await oauth.protectedResourceRequest(token, 'GET', url)).status, 200, name);

for (const method of Object.keys(authentication)) {
    const client = await register(method);
    const auth = authentication[method](client);
    const tokens = await authorize(client, auth);
    await isFetched(tokens.access_token, `${method}: a code, and with it a token that is good`);
    const next = await refresh(client, auth, tokens.refresh_token);
    ok(next.refresh_token !== tokens.refresh_token, `${method}: the refresh token was replaced`);
    await isFetched(next.access_token, `${method}: and the new access token is good`);

    const about = await introspect(next.access_token);
    const { active, client_id, username, scope, token_type, iss, aud } = about;
    const expected = { active: true, client_id: client.client_id, username: 'alice', scope: next.scope, iss: facts.issuer };
    is({ active, client_id, username, scope, iss }, expected, `${method}: introspection knows it`);
    is([token_type.toLowerCase(), [aud].flat()], ['bearer', [rs.resource]], `${method}: … and what it is good for`);

    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, next.access_token));
    await refusedAtResource(next.access_token);
    is(await introspect(next.access_token), { active: false }, `${method}: revoked, introspection says no more than that`);
    const last = await refresh(client, auth, next.refresh_token);
    await isFetched(last.access_token, `${method}: the grant goes on`);

    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, last.refresh_token));
    await refusedAtResource(last.access_token);
    const error = await refused(refresh(client, auth, last.refresh_token), `${method}: until the refresh token is revoked`);
    is([error.status, error.error], [400, 'invalid_grant'], `${method}: … which is told by invalid_grant`);
}

const service = { client_id: facts.service.client_id };
const auth = oauth.ClientSecretBasic(facts.service.client_secret);
const parameters = { scope: 'read', resource: rs.resource };
const response = await oauth.clientCredentialsGrantRequest(as, service, auth, parameters);
const tokens = secrets(await oauth.processClientCredentialsResponse(as, service, response));
await isFetched(tokens.access_token, 'a service account has a token of its own');
ok(tokens.refresh_token === undefined, '… and no refresh token');
end();
