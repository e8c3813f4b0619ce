import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { live } from './mcp-life.mjs';

await live(Client, StreamableHTTPClientTransport, (transport, callback) => transport.finishAuth(callback.searchParams.get('code')));
