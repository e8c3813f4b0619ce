import requests
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from play import check, end, equal, facts

url = get_well_known_url(facts['issuer'], external=True)
metadata = AuthorizationServerMetadata(requests.get(url).json())
equal(metadata['issuer'], facts['issuer'], f'{url} is of this issuer')
try:
    metadata.validate()
    check(True, 'it is valid')
except ValueError as error:
    check(False, f'it is valid: {error}')
# What has been registered since this list was made.
known = set(metadata.REGISTRY_KEYS) | {'authorization_response_iss_parameter_supported', 'client_id_metadata_document_supported', 'prompt_values_supported'}
equal(set(metadata) - known, set(), 'it says nothing that is not registered')
end()
