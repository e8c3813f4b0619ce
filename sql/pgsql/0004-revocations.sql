-- Tells servers what ends or restores the validity of tokens and service keys, whoever changes it: by a NOTIFY of 'grant ID',
-- 'client ID', 'user NAME', 'token SHA-256', 'key SHA-256' or 'all', on a channel of this schema. As that waits for a lock of the
-- whole cluster, nothing is said of rotations, nor of what is long dead as it is deleted; and of what one transaction does beyond
-- a hundred rows, only that it is much.
CREATE FUNCTION oauth_tell() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    told    integer;
    message text := 'all';
    matters boolean := true;
BEGIN
    IF TG_LEVEL = 'ROW' THEN
        told := coalesce(nullif(current_setting('gpt_oauth.told', true), ''), '0')::integer + 1;
        IF told > 101 THEN
            RETURN NULL;
        END IF;
        IF TG_ARGV[1] = 'if it has grants' THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %I.oauth_grant WHERE client_id = $1 AND revoked_at IS NULL)', TG_TABLE_SCHEMA)
                INTO matters USING OLD.id;
            IF NOT matters THEN
                RETURN NULL;
            END IF;
        END IF;
        PERFORM set_config('gpt_oauth.told', told::text, true);
    END IF;
    IF told <= 100 THEN
        IF TG_ARGV[0] = 'token' THEN
            message := 'token ' || encode(OLD.token_hash, 'hex');
        ELSIF TG_ARGV[0] = 'key' THEN
            message := 'key ' || encode(OLD.key_hash, 'hex');
        ELSIF TG_ARGV[0] <> 'user' THEN
            message := TG_ARGV[0] || ' ' || OLD.id;
        ELSIF TG_OP = 'INSERT' THEN
            message := 'user ' || NEW.name;
        ELSE
            message := 'user ' || OLD.name;
        END IF;
    END IF;
    -- PostgreSQL takes no message of 8000 bytes.
    PERFORM pg_notify('gpt_oauth_' || quote_ident(TG_TABLE_SCHEMA)::regnamespace::oid,
        CASE WHEN octet_length(message) < 7900 THEN message ELSE 'all' END);
    RETURN NULL;
END
$$;

-- What has been dead for so long that no server believes in it is left out; the clocks of servers may differ by half an hour.
CREATE TRIGGER oauth_tell_all AFTER UPDATE OR TRUNCATE ON oauth_access_token FOR EACH STATEMENT EXECUTE FUNCTION oauth_tell();
CREATE TRIGGER oauth_tell_delete AFTER DELETE ON oauth_access_token FOR EACH ROW
    WHEN (OLD.expires_at > extract(epoch FROM now()) - 1800) EXECUTE FUNCTION oauth_tell('token');

CREATE TRIGGER oauth_tell_all AFTER UPDATE OF id, issuer, client_id, username OR TRUNCATE ON oauth_grant
    FOR EACH STATEMENT EXECUTE FUNCTION oauth_tell();
CREATE TRIGGER oauth_tell_update AFTER UPDATE OF revoked_at ON oauth_grant FOR EACH ROW
    WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at) EXECUTE FUNCTION oauth_tell('grant');
CREATE TRIGGER oauth_tell_delete AFTER DELETE ON oauth_grant FOR EACH ROW
    WHEN (OLD.revoked_at IS NULL AND least(OLD.expires_at, OLD.ends_at) > extract(epoch FROM now()) - 1800)
    EXECUTE FUNCTION oauth_tell('grant');

CREATE TRIGGER oauth_tell_all AFTER UPDATE OF id OR TRUNCATE ON oauth_client FOR EACH STATEMENT EXECUTE FUNCTION oauth_tell();
CREATE TRIGGER oauth_tell_update AFTER UPDATE OF disabled_at ON oauth_client FOR EACH ROW
    WHEN (OLD.disabled_at IS DISTINCT FROM NEW.disabled_at) EXECUTE FUNCTION oauth_tell('client');
-- Registered clients that nobody uses are deleted by and by. Before a user lets one in, it is seen; so no grant comes unnoticed.
CREATE TRIGGER oauth_tell_delete AFTER DELETE ON oauth_client FOR EACH ROW
    WHEN (OLD.seen_at IS NULL OR (OLD.let_in_at IS NOT NULL AND OLD.seen_at > extract(epoch FROM now()) - 6 * 86400))
    EXECUTE FUNCTION oauth_tell('client');
CREATE TRIGGER oauth_tell_delete_unseen AFTER DELETE ON oauth_client FOR EACH ROW
    WHEN (OLD.seen_at IS NOT NULL AND (OLD.let_in_at IS NULL OR OLD.seen_at <= extract(epoch FROM now()) - 6 * 86400))
    EXECUTE FUNCTION oauth_tell('client', 'if it has grants');

-- A user of another sign-in has no row before he is disabled.
CREATE TRIGGER oauth_tell_all AFTER UPDATE OF name OR TRUNCATE ON oauth_user FOR EACH STATEMENT EXECUTE FUNCTION oauth_tell();
CREATE TRIGGER oauth_tell_insert AFTER INSERT ON oauth_user FOR EACH ROW
    WHEN (NEW.disabled_at IS NOT NULL) EXECUTE FUNCTION oauth_tell('user');
CREATE TRIGGER oauth_tell_update AFTER UPDATE OF disabled_at ON oauth_user FOR EACH ROW
    WHEN (OLD.disabled_at IS DISTINCT FROM NEW.disabled_at) EXECUTE FUNCTION oauth_tell('user');
CREATE TRIGGER oauth_tell_delete AFTER DELETE ON oauth_user FOR EACH ROW EXECUTE FUNCTION oauth_tell('user');

CREATE TRIGGER oauth_tell_all AFTER UPDATE OF key_hash, name, issuer, scope, introspect, register OR TRUNCATE ON oauth_service_key
    FOR EACH STATEMENT EXECUTE FUNCTION oauth_tell();
CREATE TRIGGER oauth_tell_update AFTER UPDATE OF expires_at, revoked_at ON oauth_service_key FOR EACH ROW
    WHEN ((OLD.expires_at, OLD.revoked_at) IS DISTINCT FROM (NEW.expires_at, NEW.revoked_at)) EXECUTE FUNCTION oauth_tell('key');
CREATE TRIGGER oauth_tell_delete AFTER DELETE ON oauth_service_key FOR EACH ROW EXECUTE FUNCTION oauth_tell('key');
