// A user's life with an MCP server, the same for both generations of the SDK: registration, consent, tools, refresh, revocation.
import { end, facts, is, ok, order, refused, secrets, visit } from './play.mjs';

// What the SDK leaves to the application: to keep what it is given.
class Provider {
    clientMetadataUrl = facts.document;
    redirectUrl = 'http://localhost:9999/callback';
    clientMetadata = {
        client_name: 'Notebook',
        redirect_uris: [this.redirectUrl],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: facts.method,
    };

    state() {
        return (this.expectedState = crypto.randomUUID());
    }
    clientInformation() {
        return this.client;
    }
    saveClientInformation(client) {
        this.client = secrets(client);
    }
    tokens() {
        return this.saved;
    }
    saveTokens(tokens) {
        this.saved = secrets(tokens);
    }
    redirectToAuthorization(url) {
        this.asked = url;
    }
    saveCodeVerifier(verifier) {
        this.verifier = verifier;
    }
    codeVerifier() {
        return this.verifier;
    }
    saveDiscoveryState(state) {
        this.discovery = state;
    }
    discoveryState() {
        return this.discovery;
    }
    invalidateCredentials(scope) {
        if (scope === 'all' || scope === 'tokens') {
            this.saved = undefined;
        }
        if (scope === 'all' || scope === 'client') {
            this.client = undefined;
        }
    }
}

// finish(transport, callback) hands the parameters of the callback to the SDK.
export async function live(Client, Transport, finish) {
    const provider = new Provider();
    const begin = () => new Transport(new URL(facts.url), { authProvider: provider });
    const client = () => new Client({ name: 'notebook', version: '1.0.0' });

    const asking = begin();
    const error = await refused(client().connect(asking), 'without a token it is sent to the user');
    is(error.constructor.name, 'UnauthorizedError', '… by the error that says so');
    if (facts.document) {
        is(provider.client?.client_id, facts.document, 'it is known by its document');
    } else {
        ok(provider.client?.client_id, 'it registered itself');
        is(provider.client?.token_endpoint_auth_method, facts.method, '… with the method it asked for');
        is(provider.client?.client_secret === undefined, facts.method === 'none', '… and a secret only where it needs one');
    }
    is(provider.asked?.searchParams.get('resource'), facts.url, 'it asks for the resource that the challenge led to');
    ok(provider.asked?.searchParams.get('scope').split(' ').includes('mcp'), '… and for the scope of the challenge');

    const callback = await visit(provider.asked);
    is(callback.searchParams.get('state'), provider.expectedState, 'the state came back');
    is(callback.searchParams.get('iss'), facts.issuer, '… with the issuer');
    await finish(asking, callback);

    const session = client();
    await session.connect(begin());
    is((await session.listTools()).tools.map((tool) => tool.name), ['whoami'], 'it lists the tools');
    const { content } = await session.callTool({ name: 'whoami', arguments: {} });
    const { 'x-oauth-scope': scope, ...caller } = JSON.parse(content[0].text);
    const expected = { 'x-oauth-user': 'alice', 'x-oauth-client': provider.client.client_id, authorization: null };
    is(caller, expected, 'the MCP server knows the user and the client, and never sees the token');
    ok(scope.split(' ').includes('mcp'), '… and knows the scope');

    const before = provider.saved;
    await order('expire');
    is((await session.listTools()).tools.length, 1, 'when the access token has expired it goes on');
    ok(provider.saved.access_token !== before.access_token, '… with another one');
    ok(provider.saved.refresh_token !== before.refresh_token, '… and the next refresh token');

    if (facts.stepsUp) {
        await order('ask for more');
        provider.asked = undefined;
        await refused(session.listTools(), 'when another scope is needed too it is refused');
        const wider = provider.asked?.searchParams.get('scope').split(' ') ?? [];
        is(['mcp', 'write'].filter((one) => wider.includes(one)), ['mcp', 'write'], '… and asks the user for both');
        await finish(session.transport, await visit(provider.asked));
        is((await session.listTools()).tools.length, 1, '… and then it goes on');
    }

    provider.asked = undefined;
    await order('revoke');
    await refused(session.listTools(), 'after the revocation it is refused');
    ok(provider.asked, '… and sent to the user again');
    is(provider.saved, undefined, '… having thrown its tokens away');
    ok(provider.client, '… but not its id');
    end();
}
