// Ends TLS before a server on this machine: PORT TO-PORT KEY CERTIFICATE
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer } from 'node:tls';

const [port, to, key, cert] = process.argv.slice(2);
createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (client) => {
    const server = connect(to, '127.0.0.1');
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
}).listen(port, '127.0.0.1', () => console.log('ready'));
