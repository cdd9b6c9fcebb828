// The certified server oidc-provider in the place of Entra, and zo365's own
// device flow as the client. The server sends no interval, and answers
// authorization_pending until the code is approved.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const clientID = '0f0e0d0c-0000-4000-8000-000000000365'
const scopes = ['User.Read', 'User.Read.All', 'Domain.Read.All', 'Organization.Read.All', 'Application.Read.All', 'RoleManagement.Read.Directory', 'AuditLog.Read.All', 'Directory.Read.All', 'Calendars.Read']

const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${server.address().port}`
const provider = new Provider(origin, {
  clients: [{
    client_id: clientID, token_endpoint_auth_method: 'none', response_types: ['code'], redirect_uris: ['http://localhost'],
    grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'], application_type: 'native',
  }],
  scopes: ['openid', 'profile', 'offline_access', ...scopes],
  claims: { openid: ['sub'], profile: ['preferred_username', 'oid', 'tid'] },
  conformIdTokenClaims: false,
  features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true } },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: 'admin@contoso.com', oid: id, tid: 'contoso.com' }) }),
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  routes: { device_authorization: '/contoso.com/oauth2/v2.0/devicecode', token: '/contoso.com/oauth2/v2.0/token', authorization: '/contoso.com/oauth2/v2.0/authorize', code_verification: '/device' },
  jwks: { keys: [(await import('node:crypto')).generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })] },
  cookies: { keys: ['test'] },
})
server.on('request', provider.callback())

const env = {
  ...process.env, BROWSER: 'true', ZO365_MICROSOFT_LOGIN_URL: origin, ZO365_MICROSOFT_GRAPH_URL: origin, ZO365_MICROSOFT_TENANT: 'contoso.com', ZO365_MICROSOFT_CLIENT_ID: clientID,
}
const polls = []
provider.on('grant.error', (_ctx, err) => polls.push(err.error))

const login = zo365('login', 'microsoft', '--for', 'calendar list', '-o', 'json')
let approved = false
login.onTalk = async (text) => {
  const code = text.match(/enter the code (\S+)/)?.[1]
  if (!code || approved) return
  approved = true
  setTimeout(() => approve(code), 6000) // after the first poll, which must wait five seconds
}
const result = await login.done
assert.equal(result.code, 0, result.talk)
const status = JSON.parse(result.data)
assert.equal(status.services[0].as, 'admin@contoso.com')
assert.equal(status.services[0].flow, 'device code')
assert.deepEqual(polls, ['authorization_pending'])

// A request renews nothing while the access token lives; with a token cache that
// was erased the refresh token is used, and rotated.
const { rm } = await import('node:fs/promises')
let renewed = 0
provider.on('grant.success', (ctx) => { if (ctx.oidc.params.grant_type === 'refresh_token') renewed++ })
for (let i = 0; i < 2; i++) {
  await rm(`${process.env.XDG_CACHE_HOME}/zo365`, { recursive: true })
  await zo365('calendar', 'list').done // the server is no Graph: only the sign-in matters
}
assert.equal(renewed, 2)

// The authorization code with PKCE, through the server's own pages.
const browser = zo365('login', 'microsoft', '--browser', '--for', 'verify-domain', '-o', 'json')
let opened = false
browser.onTalk = async (text) => {
  const address = text.match(/^\s*(http:\S+\/authorize\?\S+)$/m)?.[1]
  if (!address || opened) return
  opened = true
  await walk(address)
}
const answer = await browser.done
assert.equal(answer.code, 0, answer.talk)
assert.equal(JSON.parse(answer.data).services[0].flow, 'browser')
console.log('oidc-provider: signed in and renewed')
process.exit(0)

async function approve(userCode) {
  const { DeviceCode, Grant } = provider
  const code = await DeviceCode.findByUserCode(userCode.replaceAll('-', ''), { ignoreExpiration: true })
  assert.ok(code, `no device code for ${userCode}`)
  const grant = new Grant({ accountId: 'admin', clientId: clientID })
  grant.addOIDCScope(code.params.scope)
  Object.assign(code, { accountId: 'admin', grantId: await grant.save(), scope: code.params.scope, claims: {}, authTime: Math.floor(Date.now() / 1000), sessionUid: 'session', expiresWithSession: false })
  await code.save()
}

// walk signs in and consents as a person would, and ends at zo365's listener.
async function walk(address) {
  const cookies = new Map()
  let request = { url: new URL(address) }
  for (let i = 0; i < 20; i++) {
    const response = await fetch(request.url, {
      method: request.form ? 'POST' : 'GET', body: request.form, redirect: 'manual', headers: { cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; ') },
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/)
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location) { request = { url: new URL(location, request.url) }; continue }
    const page = await response.text()
    const action = page.match(/<form[^>]* action="([^"]+)"/)?.[1]
    if (!action) return
    const form = new URLSearchParams({ prompt: page.match(/name="prompt" value="([^"]+)"/)[1] })
    if (page.includes('name="login"')) { form.set('login', 'admin'); form.set('password', 'any') }
    request = { url: new URL(action, request.url), form }
  }
}

function zo365(...args) {
  const child = spawn(process.env.ZO365_BIN, args, { env })
  const run = { onTalk: () => {} }
  let data = ''; let talk = ''
  child.stdout.on('data', (chunk) => { data += chunk })
  child.stderr.on('data', (chunk) => { talk += chunk; run.onTalk(talk) })
  run.done = new Promise((resolve) => child.on('close', (code) => resolve({ code, data, talk })))
  return run
}
