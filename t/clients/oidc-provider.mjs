// An OpenID Connect provider with one user: oidc-provider, and the one page that it lacks.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { port, redirectUri, clientSecret, sub, username, name, password } = JSON.parse(process.argv[2]);

const provider = new Provider(`http://localhost:${port}`, {
    clients: [{ client_id: 'api', client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
    cookies: { keys: ['of no importance'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    findAccount: (ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId, name, preferred_username: username }) }),
    // Its users are not asked whether they want to sign in here.
    async loadExistingGrant(ctx) {
        const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
        grant.addOIDCScope('openid profile');
        await grant.save();
        return grant;
    },
});
const answer = provider.callback();

async function signIn(request, response) {
    const chunks = await Array.fromAsync(request);
    const typed = new URLSearchParams(Buffer.concat(chunks).toString());
    if (typed.get('username') === username && typed.get('password') === password) {
        return provider.interactionFinished(request, response, { login: { accountId: sub } });
    }
    response.writeHead(200, { 'Content-Type': 'text/html' });
    return response.end('<form method="post" action=""><input name="username"><input name="password" type="password"></form>');
}

const server = createServer((request, response) => {
    if (!request.url.startsWith('/interaction/')) {
        answer(request, response);
        return;
    }
    signIn(request, response).catch((error) => response.writeHead(400).end(String(error)));
});
server.listen(port, '127.0.0.1', () => console.log('ready'));
