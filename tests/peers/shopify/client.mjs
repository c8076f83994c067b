// Shopify's own client as an app: installs by OAuth, refreshes tokens, asks GraphQL, checks webhooks.
// Every request it makes to a shop goes to the simulator; nothing of it is changed.
import http from 'node:http';

const [simulator, clientId, secret] = process.argv.slice(2);
const direct = globalThis.fetch;
globalThis.fetch = (address, options) => {
  const url = new URL(typeof address === 'string' ? address : address.url ?? address);
  const isShop = url.hostname.endsWith('.myshopify.com');
  return direct(isShop ? `${simulator}/shops/${url.hostname}${url.pathname}${url.search}` : url, options);
};

await import('@shopify/shopify-api/adapters/node');
const { ApiVersion, LogSeverity, Session, shopifyApi } = await import('@shopify/shopify-api');

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, 'http://app');
  const raw = { rawRequest: request, rawResponse: response };
  const shop = url.searchParams.get('shop');
  try {
    const answer = await routes[url.pathname]({ request, raw, shop, url });
    if (answer !== undefined) respond(response, 200, answer);
  } catch (error) {
    respond(response, 400, { error: error.constructor.name, message: error.message });
  }
});

function respond(response, status, content) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(content));
}

async function body(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const routes = {
  '/auth': async ({ raw, shop }) => {
    await shopify.auth.begin({ shop, callbackPath: '/auth/callback', isOnline: false, ...raw });
  },
  '/auth/callback': async ({ raw }) => {
    const { session } = await shopify.auth.callback({ ...raw, expiring: true });
    return session.toObject();
  },
  '/refresh': async ({ request, shop }) => {
    const { session } = await shopify.auth.refreshToken({ shop, refreshToken: await body(request) });
    return session.toObject();
  },
  '/graphql': async ({ request, shop }) => {
    const { token, query } = JSON.parse(await body(request));
    const session = new Session({ id: 'one', shop, state: '', isOnline: false, accessToken: token });
    return await new shopify.clients.Graphql({ session }).request(query);
  },
  '/webhooks': async ({ request, raw }) => {
    return await shopify.webhooks.validate({ rawBody: await body(request), ...raw });
  },
};

let shopify;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  shopify = shopifyApi({
    apiKey: clientId,
    apiSecretKey: secret,
    scopes: ['read_orders', 'read_customers'],
    hostName: `127.0.0.1:${port}`,
    hostScheme: 'http',
    apiVersion: ApiVersion.July26 ?? '2026-07',
    isEmbeddedApp: false,
    logger: { level: LogSeverity.Error, log: () => {} },
  });
  console.log(port);
});
