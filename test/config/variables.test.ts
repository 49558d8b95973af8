import { join } from 'node:path'
import t from 'tap'
import { Secret } from '../../src/plan/plan.ts'
import { brief, errorsOf, loadFolder, loadText } from './helpers.ts'

t.test('variables: replaced in scalars, then typed by the schema', async (t) => {
  const text = `agents: { main: { soul: "\${WHO:-Nobody} costs $\${5}", maxTurns: "\${TURNS}", replyPrefix: "\${PREFIX:-true}" } }
gateway: { port: "\${PORT}", host: "\${HOST:-127.0.0.1}" }
`
  const { plan, diagnostics } = await loadText(t, text, { TURNS: '7', PORT: '0' })
  t.same(errorsOf(diagnostics), [])
  t.equal(plan?.agents.get('main')?.soul.text, 'Nobody costs ${5}')
  t.equal(plan?.agents.get('main')?.maxTurns, 7)
  t.equal(plan?.agents.get('main')?.replyPrefix, true)
  t.equal(plan?.gateway.port, 0)

  const unset = await loadText(t, text, { TURNS: 'many' })
  t.same(brief(unset.diagnostics), ['CLAW103 1:65', 'CLAW007 2:18'])
  const words = await loadText(t, 'agents: { main: { soul: "${WHO:?say who}" } }\n')
  t.match(words.diagnostics[0]?.message, /WHO is not set: say who/)
  const broken = await loadText(t, 'agents: { main: { soul: "${1X}" } }\n')
  t.same(brief(broken.diagnostics), ['CLAW008 1:25'])
})

t.test('.env beside the file is read; the environment wins', async (t) => {
  const files = { 'openclaw.yaml': 'agents: { main: { soul: "${A} ${B}" } }\n', '.env': 'A=file\nB="file too"\n' }
  const { plan, sources, folder } = await loadFolder(t, files, { env: { A: 'environment' } })
  t.equal(plan?.agents.get('main')?.soul.text, 'environment file too')
  t.ok(sources.includes(join(folder, '.env')))
})

t.test('secrets: noted when unset, refused when required, never printed', async (t) => {
  const text =
    'agents: { main: { soul: x } }\nchannels: { telegram: { token: "${TOKEN}" }, discord: { token: "${D}", enabled: false } }\n'
  const noted = await loadText(t, text)
  t.same(brief(noted.diagnostics), ['CLAW009 2:32', 'CLAW009 2:64'])
  t.ok(noted.plan)
  const required = await loadFolder(t, { 'openclaw.yaml': text }, { requireSecrets: true })
  t.same(brief(errorsOf(required.diagnostics)), ['CLAW007 2:32'])
  t.equal(required.plan, null)
  const set = await loadText(t, text, { TOKEN: 'hush-hush' })
  const token = set.plan?.channels.get('telegram')?.settings['token']
  t.ok(token instanceof Secret)
  t.equal((token as Secret).reveal(), 'hush-hush')
  t.notMatch(JSON.stringify([set.plan?.channels.get('telegram'), set.diagnostics, set.document?.value]), /hush/)
  const other = await loadText(t, text, { TOKEN: 'rotated' })
  t.not(other.plan?.channels.get('telegram')?.fingerprint, set.plan?.channels.get('telegram')?.fingerprint)
  t.equal(other.plan?.channels.get('discord')?.fingerprint, set.plan?.channels.get('discord')?.fingerprint)
})

t.test('secrets from files, relative to the file that names them', async (t) => {
  const { plan, sources, folder } = await loadFolder(t, {
    'openclaw.yaml': 'agents: { main: { soul: x } }\ninclude: [sub/channels.yaml]\n',
    sub: { 'channels.yaml': 'channels: { telegram: { token: { file: token } } }\n', token: 'from-file\n' },
  })
  t.equal((plan!.channels.get('telegram')!.settings['token'] as Secret).reveal(), 'from-file')
  t.ok(sources.includes(join(folder, 'sub', 'token')))
  const missing = await loadText(t, 'agents: { main: { soul: x } }\nchannels: { telegram: { token: { file: nowhere } } }\n')
  t.same(brief(missing.diagnostics), ['CLAW009 2:40'], 'a note where no secret is wanted')
  t.ok(missing.plan)
  const wanted = async (more: string) => {
    const text = `agents: { main: { soul: x } }\nchannels: { telegram: { token: { file: nowhere }${more} } }\n`
    return await loadFolder(t, { 'openclaw.yaml': text }, { env: { ANTHROPIC_API_KEY: 'set' }, requireSecrets: true })
  }
  const required = await wanted('')
  t.same(brief(required.diagnostics), ['CLAW003 2:40'])
  t.equal(required.plan, null)
  t.same(brief((await wanted(', enabled: false')).diagnostics), ['CLAW009 2:40'], 'a channel that is off needs none')
})

t.test('values of variables stand in no message', async (t) => {
  const text = 'agents: { main: { soul: x, model: "${KEY}/x", sandbox: "${KEY}", subagents: ["${KEY}"] } }\n'
  const { diagnostics } = await loadText(t, text, { KEY: 'sk-misplaced' })
  t.same(brief(diagnostics), ['CLAW204 1:35', 'CLAW104 1:56', 'CLAW201 1:78'])
  t.notMatch(JSON.stringify(diagnostics), /misplaced/)
})

t.test('an empty secret where one is needed is one that is not set', async (t) => {
  const text =
    'agents: { main: { soul: x, offline: demo } }\nmodels: { demo: { provider: scripted }, other: { provider: anthropic, apiKey: "${S:-}" } }\nchannels:\n' +
    '  telegram: { token: "${T}" }\n  discord: { token: "" }\n' +
    '  slack: { botToken: { file: empty.txt }, appToken: "${A:-}" }\n' +
    'gateway: { auth: { token: "${G:-}" } }\n'
  const files = { 'openclaw.yaml': text, 'empty.txt': '\n' }
  const places = ['4:22', '5:21', '6:30', '6:53']
  const env = { T: '' }
  const told = await loadFolder(t, files, { env })
  t.same(
    brief(told.diagnostics.filter(({ code }) => code !== 'CLAW403')),
    places.map((place) => `CLAW009 ${place}`),
  )
  const refused = await loadFolder(t, files, { env, requireSecrets: true })
  t.equal(refused.plan, null)
  t.same(
    brief(errorsOf(refused.diagnostics)),
    places.map((place) => `CLAW007 ${place}`),
  )
})
