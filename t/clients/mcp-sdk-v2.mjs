import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { live } from './mcp-life.mjs';

// This one compares the issuer in the callback itself.
await live(Client, StreamableHTTPClientTransport, (transport, callback) => transport.finishAuth(callback.searchParams));
