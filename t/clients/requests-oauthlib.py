"""What a GPT does: no PKCE, one secret, sent by POST or by Basic."""
from oauthlib.oauth2 import InvalidGrantError
from requests_oauthlib import OAuth2Session
from play import check, end, equal, facts, order, secrets, visit

client_id, secret = facts['client']['client_id'], facts['client']['client_secret']
token_url = f"{facts['issuer']}/oauth/token"
hello = f"{facts['issuer']}/api/hello"
how = {'POST': {'include_client_id': True}, 'Basic': {'include_client_id': False}}

for method, options in how.items():
    session = OAuth2Session(client_id, redirect_uri=facts['redirect'], scope=['read', 'hello'])
    url, state = session.authorization_url(f"{facts['issuer']}/oauth/authorize")
    token = secrets(session.fetch_token(token_url, client_secret=secret, authorization_response=visit(url), **options))
    equal(sorted(token['scope']), ['hello', 'read'], f'{method}: a token for the scopes that were asked for')
    equal(session.get(hello).json()['user'], 'alice', f'{method}: it is hers')

    order('expire')
    equal(session.get(hello).status_code, 401, f'{method}: when it has expired it is refused')
    credentials = {'auth': (client_id, secret)} if method == 'Basic' else {'client_id': client_id, 'client_secret': secret}
    token = secrets(session.refresh_token(token_url, **credentials))
    equal(session.get(hello).status_code, 200, f'{method}: the refreshed one is good')

    order('revoke')
    equal(session.get(hello).status_code, 401, f'{method}: after the revocation it is refused')
    try:
        session.refresh_token(token_url, **credentials)
        check(False, f'{method}: and there is no other one')
    except InvalidGrantError:
        check(True, f'{method}: and there is no other one')
end()
