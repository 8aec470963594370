// The certified provider of the npm package oidc-provider, with its own forms for development: any login signs in with any
// password. First argument: {port, issuer, clients}. Whoever is called ann is of the group on-call.
import { createRequire } from 'node:module';

const require = createRequire(`${process.cwd()}/`);
const { default: Provider } = await import(require.resolve('oidc-provider'));
const { port, issuer, clients } = JSON.parse(process.argv[2]);
const provider = new Provider(issuer, {
  clients,
  claims: { openid: ['sub', 'auth_time'], email: ['email', 'email_verified'], groups: ['groups'] },
  scopes: ['openid', 'email', 'groups'],
  cookies: { keys: [crypto.randomUUID()] },
  async findAccount(ctx, id) {
    const groups = id === 'ann' ? ['on-call'] : [];
    const claims = { sub: id, email: `${id}@example.org`, email_verified: true, groups };
    return { accountId: id, claims: async () => claims };
  },
});
provider.listen(port, '127.0.0.1', () => console.log('listening'));
