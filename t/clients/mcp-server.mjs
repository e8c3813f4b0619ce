// A small MCP server, to stand behind httpd: one tool, which tells what httpd told it of the caller.
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const told = ['x-oauth-user', 'x-oauth-client', 'x-oauth-scope', 'authorization'];

createServer(async (request, response) => {
    // Without sessions there is nothing to listen to.
    if (request.method !== 'POST') {
        response.writeHead(405, { Allow: 'POST' }).end();
        return;
    }
    const server = new McpServer({ name: 'notes', version: '1.0.0' });
    server.registerTool('whoami', { description: 'Tells who is calling' }, async ({ requestInfo }) => {
        const caller = Object.fromEntries(told.map((name) => [name, requestInfo.headers[name] ?? null]));
        return { content: [{ type: 'text', text: JSON.stringify(caller) }] };
    });
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    response.on('close', () => server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response);
}).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
