// The strict OAuth client oauth4webapi against the sandbox, unchanged: it checks
// every field that the RFCs demand. NODE_EXTRA_CA_CERTS names the authority.
import assert from 'node:assert/strict'
import * as oauth from 'oauth4webapi'

const tenant = process.env.ZO365_MICROSOFT_TENANT
const issuer = new URL(`${process.env.ZO365_MICROSOFT_LOGIN_URL}/${tenant}/v2.0`)
const client = { client_id: process.env.ZO365_MICROSOFT_CLIENT_ID }
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer))
let flows = 0

// Device code.
{
  const scope = 'openid profile offline_access User.Read'
  const response = await oauth.deviceAuthorizationRequest(as, client, oauth.None(), { scope })
  const code = await oauth.processDeviceAuthorizationResponse(as, client, response)
  assert.equal(typeof code.interval, 'number')
  assert.equal(code.verification_uri_complete, undefined)
  assert.ok(code.message.includes(code.user_code))
  const answer = await oauth.deviceCodeGrantRequest(as, client, oauth.None(), code.device_code)
  const tokens = await oauth.processDeviceCodeResponse(as, client, answer)
  const claims = oauth.getValidatedIdTokenClaims(tokens)
  assert.equal(claims.tid, tenant)
  assert.ok(tokens.scope.split(' ').includes('User.Read'))
  flows++

  // Refresh: the token is rotated, and the old one is refused in the right form.
  const renewed = await oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token))
  assert.notEqual(renewed.refresh_token, tokens.refresh_token)
  await assert.rejects(async () => oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token)),
    (err) => err instanceof oauth.ResponseBodyError && err.error === 'invalid_grant' && err.status === 400 && err.cause.error_codes[0] === 70000)
  flows++

  // A bogus device code has an OAuth error body.
  await assert.rejects(async () => oauth.processDeviceCodeResponse(as, client, await oauth.deviceCodeGrantRequest(as, client, oauth.None(), 'bogus')),
    (err) => err instanceof oauth.ResponseBodyError && err.error === 'bad_verification_code')
}

// Authorization code with PKCE, through the pages.
{
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const nonce = oauth.generateRandomNonce()
  const redirect = 'http://localhost:45678'
  const address = new URL(as.authorization_endpoint)
  for (const [name, value] of Object.entries({
    client_id: client.client_id, response_type: 'code', redirect_uri: redirect, scope: 'openid profile User.Read', state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  })) address.searchParams.set(name, value)
  const back = await walk(address)
  const params = oauth.validateAuthResponse(as, client, back, state)
  const answer = await oauth.authorizationCodeGrantRequest(as, client, oauth.None(), params, redirect, verifier)
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true })
  assert.equal(oauth.getValidatedIdTokenClaims(tokens).preferred_username, process.env.ZO365_SANDBOX_ADMIN)
  const again = await oauth.authorizationCodeGrantRequest(as, client, oauth.None(), params, redirect, verifier)
  await assert.rejects(() => oauth.processAuthorizationCodeResponse(as, client, again), (err) => err.error === 'invalid_grant')
  flows++
}

// Client credentials.
{
  const secret = oauth.ClientSecretPost(process.env.ZO365_MICROSOFT_CLIENT_SECRET)
  const answer = await oauth.clientCredentialsGrantRequest(as, client, secret, { scope: 'https://graph.microsoft.com/.default' })
  const tokens = await oauth.processClientCredentialsResponse(as, client, answer)
  assert.equal(tokens.refresh_token, undefined)
  flows++
}

console.log(`oauth4webapi: ${flows} flows passed`)

// walk answers the sign-in and the consent page as a person would.
async function walk(address) {
  let response = await fetch(address, { redirect: 'manual' })
  for (let i = 0; i < 5 && response.status === 200; i++) {
    const page = await response.text()
    const action = page.match(/<form method="post" action="([^"]+)"/)[1]
    const form = new URLSearchParams({ ctx: page.match(/name="ctx" value="([^"]+)"/)[1] })
    if (page.includes('name="loginfmt"')) form.set('loginfmt', process.env.ZO365_SANDBOX_ADMIN)
    else form.set('answer', 'accept')
    response = await fetch(new URL(action, address), { method: 'POST', body: form, redirect: 'manual' })
  }
  assert.equal(response.status, 302)
  return new URL(response.headers.get('location'))
}
