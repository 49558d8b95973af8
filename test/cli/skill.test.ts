import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseSource } from '../../src/skills/fetch.ts'
import { runCliWith } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const claw = (cwd: string, args: readonly string[], env: Record<string, string> = {}) => runCliWith(env, cwd, 'skill', ...args)

const GITHUB = { 'SKILL.md': '---\nname: github\ndescription: Talks to GitHub\n---\nUse gh.\n', tools: { 'a.ts': 'x' } }
const YAML = 'agents: { main: { soul: x } }\nchannels: { http: { allowFrom: ["http:me"] } }\n'

t.test('a folder is copied, shown, used and taken away again', async (t) => {
  const cwd = testdir(t, { from: { gh: { ...GITHUB, node_modules: { big: 'x' } } }, bot: { 'openclaw.yaml': YAML } })
  const bot = join(cwd, 'bot')
  t.match(await claw(bot, []), { code: 0, out: /No skill is installed/ })
  t.match(await claw(bot, ['install', '../from/gh']), { code: 0, out: /installed github in .*skills: \[github\]/s })
  t.same(readdirSync(join(bot, 'skills')), ['github'])
  t.same(readdirSync(join(bot, 'skills/github')).sort(), ['SKILL.md', 'tools'], 'as it is, without what it was built with')
  t.equal(readFileSync(join(bot, 'openclaw.yaml'), 'utf8'), YAML, 'no agent has it by that')
  t.match(await claw(bot, ['install', '../from/gh']), { code: 1, err: /is there already; remove it first/ })
  t.match(await claw(bot, ['show', 'github']), { code: 0, out: 'Talks to GitHub\n\nUse gh.\n' })
  writeFileSync(join(bot, 'openclaw.yaml'), YAML.replace('soul: x', 'soul: x, skills: [github]'))
  const { out } = await claw(bot, ['list', '--format', 'json'])
  t.match(JSON.parse(out), { formatVersion: 1, skills: [{ name: 'github', agents: ['main'] }] })
  t.match(await claw(bot, ['remove', 'github']), { code: 1, err: /main has the skill github/ })
  writeFileSync(join(bot, 'openclaw.yaml'), YAML)
  t.match(await claw(bot, ['remove', 'githb']), { code: 66, err: /did you mean "github"/ })
  t.match(await claw(bot, ['remove', 'github']), { code: 0, out: 'removed github\n' })
  t.same(readdirSync(join(bot, 'skills')), [])
  t.notMatch(readFileSync(join(bot, 'skills.lock'), 'utf8'), /github/)
})

t.test('from a repository: its only skill, or the one that is named', async (t) => {
  const cwd = testdir(t, {
    repo: { 'README.md': 'x', skills: { github: GITHUB } },
    bot: { 'openclaw.yaml': YAML },
  })
  const [repo, bot] = [join(cwd, 'repo'), join(cwd, 'bot')]
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', repo, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { stdio: 'ignore' })
  git('init', '-q')
  git('add', '.')
  git('commit', '-q', '-m', 'one')
  t.match(await claw(bot, ['install', `git:file://${repo}`]), { code: 0 })
  t.notOk(existsSync(join(bot, 'skills/github/.git')))
  t.match(await claw(bot, ['remove', 'github']), { code: 0 })
  t.match(await claw(bot, ['install', 'git:../repo#skills/github']), { code: 0 })
  t.match(await claw(bot, ['install', 'git:../repo#../bot']), { code: 1, err: /leads out of the repository/ })
  t.match(await claw(bot, ['install', 'git:../nowhere']), { code: 1, err: /git failed: / })
})

t.test('from npm: the package as it was packed, its scripts not run', async (t) => {
  const cwd = testdir(t, {
    bin: { npm: '#!/bin/sh\necho "$@" > "$ARGS"\ntar -czf "$5/x-1.0.0.tgz" -C "$SOURCE" package\n' },
    source: { package: { 'SKILL.md': 'Be brief.\n', 'package.json': '{}' } },
    bot: { 'openclaw.yaml': YAML },
  })
  chmodSync(join(cwd, 'bin/npm'), 0o755)
  const args = join(cwd, 'args')
  const env = { PATH: `${join(cwd, 'bin')}:${process.env['PATH']}`, ARGS: args, SOURCE: join(cwd, 'source') }
  const bot = join(cwd, 'bot')
  t.match(await claw(bot, ['install', 'npm:@scope/brief@1.0.0'], env), { code: 0, out: /installed brief/ })
  t.match(readFileSync(args, 'utf8'), /^pack --ignore-scripts --silent --pack-destination \S+ -- @scope\/brief@1\.0\.0\n$/)
  t.match(await claw(bot, ['install', 'npm:brief'], { ...env, PATH: cwd }), { code: 1, err: /npm is not installed/ })
})

t.test('what is no skill is not installed', async (t) => {
  const cwd = testdir(t, {
    'openclaw.yaml': YAML,
    none: { 'README.md': 'x' },
    two: { a: { 'SKILL.md': 'x' }, b: { 'SKILL.md': 'x' } },
    odd: { 'SKILL.md': 'x', 'skill.json': '{"name": "../../up"}' },
    linked: { 'SKILL.md': 'x' },
  })
  symlinkSync('/etc/hostname', join(cwd, 'linked/secret'))
  for (const [from, why] of [
    ['nowhere', /there is no folder .*; a package is npm:NAME, a repository git:URL/],
    ['none', /it holds no SKILL\.md/],
    ['two', /several skills, name one: a, b/],
    ['odd', /is no name/],
    ['linked', /neither a file nor a folder/],
  ] as const)
    t.match(await claw(cwd, ['install', from]), { code: 1, out: '', err: why }, from)
  t.notOk(existsSync(join(cwd, 'skills/secret')))
  t.same(existsSync(join(cwd, 'skills')) ? readdirSync(join(cwd, 'skills')) : [], [])
  for (const args of [['install'], ['frobnicate', 'x'], ['list', 'x'], ['show'], ['install', 'a', 'b']])
    t.match(await claw(cwd, args), { code: 64 }, args.join(' '))
  for (const from of ['git:ext::sh -c id', 'git:--upload-pack=x', 'git:', 'npm:--help', 'npm:../x', 'npm:'])
    t.type(parseSource(from), 'string', from)
})

t.test(
  'what was installed is known by its source and digest, updated from there, and left alone when it was edited',
  async (t) => {
    const cwd = testdir(t, { from: { gh: GITHUB }, bot: { 'openclaw.yaml': YAML } })
    const bot = join(cwd, 'bot')
    await claw(bot, ['install', '../from/gh'])
    const { skills } = JSON.parse(readFileSync(join(bot, 'skills.lock'), 'utf8')) as {
      skills: Record<string, { source: string }>
    }
    t.match(skills, { github: { source: './../from/gh', digest: /^[0-9a-f]{64}$/ } })
    t.match(await claw(bot, ['update']), { code: 0, out: 'github: as it is there\n' })
    writeFileSync(join(cwd, 'from/gh/SKILL.md'), 'New text.')
    t.match(await claw(bot, ['update', 'github']), { code: 0, out: 'github: updated\n' })
    t.equal(readFileSync(join(bot, 'skills/github/SKILL.md'), 'utf8'), 'New text.')
    writeFileSync(join(bot, 'skills/github/SKILL.md'), 'Mine.')
    t.match(await claw(bot, ['list']), { out: /edited since/ })
    t.match(await claw(bot, ['update']), { code: 0, out: /edited here since/ })
    t.equal(readFileSync(join(bot, 'skills/github/SKILL.md'), 'utf8'), 'Mine.')
    t.match(await claw(bot, ['update', 'nothing']), { code: 66 })
  },
)

t.test('one that ships is used by its name, and copied by it', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML.replace('soul: x', 'soul: x, skills: [github, notion, research]') })
  const validated = await runCliWith({}, cwd, 'validate', '--strict')
  t.equal(validated.code, 0, validated.err + validated.out)
  t.match(await claw(cwd, ['install', 'notion']), { code: 0 })
  t.match(readFileSync(join(cwd, 'skills/notion/SKILL.md'), 'utf8'), /# Notion/)
})

t.test('an archive that unpacks to too much, and a name that differs by its case alone', async (t) => {
  const cwd = testdir(t, {
    bin: { npm: '#!/bin/sh\nhead -c 60000000 /dev/zero | gzip > "$5/x-1.0.0.tgz"\n' },
    one: { weather: { 'SKILL.md': 'x' } },
    two: { Weather: { 'SKILL.md': 'x' } },
    bot: { 'openclaw.yaml': YAML },
  })
  chmodSync(join(cwd, 'bin/npm'), 0o755)
  const bot = join(cwd, 'bot')
  const env = { PATH: `${join(cwd, 'bin')}:${process.env['PATH']}` }
  t.match(await claw(bot, ['install', 'npm:bomb'], env), { code: 1, err: /unpacks to more than 50000000 bytes/ })
  await claw(bot, ['install', '../one/weather'])
  t.match(await claw(bot, ['install', '../two/Weather']), { code: 1, err: /there is a skill "weather" already/ })
})
