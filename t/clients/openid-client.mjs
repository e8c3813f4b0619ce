// openid-client does with few calls, and as strictly, what oauth4webapi does with many.
import * as oauth from 'openid-client';
import { end, facts, is, ok, refused, secrets, visit } from './play.mjs';

const issuer = new URL(facts.issuer);
const resource = facts.resource;
const url = new URL(`${resource}/notes.txt`);
const redirectUri = 'https://rp.example/cb';
const options = { algorithm: 'oauth2' };

const authentication = {
    none: () => oauth.None(),
    client_secret_post: () => oauth.ClientSecretPost(),
    client_secret_basic: () => oauth.ClientSecretBasic(),
};

async function register(method) {
    const wish = {
        client_name: 'Notebook',
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: method,
        scope: 'read hello',
    };
    const config = await oauth.dynamicClientRegistration(issuer, wish, authentication[method](), options);
    secrets(config.clientMetadata());
    ok(config.serverMetadata().supportsPKCE('S256'), `${method}: registered`);
    return config;
}

async function authorize(config) {
    const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
    const expectedState = oauth.randomState();
    const request = oauth.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'read',
        code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: expectedState,
        resource,
    });
    const checks = { pkceCodeVerifier, expectedState };
    return secrets(await oauth.authorizationCodeGrant(config, await visit(request), checks, { resource }));
}

async function isFetched(config, token, name) {
    is((await oauth.fetchProtectedResource(config, token, url, 'GET')).status, 200, name);
}

async function isRefused(config, token, name) {
    const error = await refused(oauth.fetchProtectedResource(config, token, url, 'GET'), name);
    is(error.cause?.map((one) => one.parameters.error), ['invalid_token'], `${name}: invalid_token`);
}

const { client_id: apiId, client_secret: apiSecret } = facts.resourceServer;
const api = await oauth.discovery(issuer, apiId, apiSecret, oauth.ClientSecretBasic(apiSecret), options);
ok(api.serverMetadata().introspection_endpoint, 'the resource server discovers where to ask');

for (const method of Object.keys(authentication)) {
    const config = await register(method);
    const tokens = await authorize(config);
    await isFetched(config, tokens.access_token, `${method}: a code, and with it a token that is good`);
    const next = secrets(await oauth.refreshTokenGrant(config, tokens.refresh_token));
    await isFetched(config, next.access_token, `${method}: the refreshed one is good`);
    const { active, client_id } = await oauth.tokenIntrospection(api, next.access_token);
    is({ active, client_id }, { active: true, client_id: config.clientMetadata().client_id }, `${method}: introspection knows it`);

    await oauth.tokenRevocation(config, next.refresh_token, { token_type_hint: 'refresh_token' });
    await isRefused(config, next.access_token, `${method}: revoked with its refresh token`);
    is(await oauth.tokenIntrospection(api, next.access_token), { active: false }, `${method}: introspection says no more than that`);
    const error = await refused(oauth.refreshTokenGrant(config, next.refresh_token), `${method}: and there is no other one`);
    is(error.error, 'invalid_grant', `${method}: … which is told by invalid_grant`);
}

const { client_id: serviceId, client_secret: serviceSecret } = facts.service;
const service = await oauth.discovery(issuer, serviceId, serviceSecret, oauth.ClientSecretPost(serviceSecret), options);
const tokens = secrets(await oauth.clientCredentialsGrant(service, { scope: 'read', resource }));
await isFetched(service, tokens.access_token, 'a service account has a token of its own');
end();
