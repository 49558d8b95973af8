import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { appendFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { create } from 'tar'
import { CLAW, claw, post, startClawProcess } from '../support/process.ts'
import { testdir } from '../support/testdir.ts'

const YAML = `
gateway: { port: 0 }
models: { demo: { provider: scripted } }
agents: { main: { soul: S, model: demo } }
`

const say = ({ url }: { url: string }, user: string, message: string) =>
  post(url, { user_id: user, message, message_id: message })

async function transcripts(cwd: string): Promise<string> {
  const names = readdirSync(join(cwd, '.openclaw', 'agents'), { recursive: true, encoding: 'utf8' }).filter((n) =>
    n.endsWith('.jsonl'),
  )
  return (await Promise.all(names.sort().map((name) => readFile(join(cwd, '.openclaw', 'agents', name), 'utf8')))).join('')
}

t.test('a backup under load is whole, and a restore brings back all that was answered before it', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  const running = await startClawProcess(cwd)
  let busy = true
  for (let n = 0; n < 30; n++) t.equal((await say(running, `u${n % 3}`, `before ${n}`)).status, 200)
  const load = Promise.all(
    [0, 1, 2].map(async (person) => {
      for (let n = 0; busy; n++) t.equal((await say(running, `u${person}`, `during ${person}.${n}`)).status, 200)
    }),
  )
  const { code, out, err } = await claw(['backup', 'bots.tar.gz', '--format', 'json'], { cwd })
  busy = false
  await load
  t.equal(code, 0, err)
  const report = JSON.parse(out) as { formatVersion: number; file: string; bytes: number }
  t.equal(report.formatVersion, 1)
  t.ok(report.bytes > 0)
  t.same(
    readdirSync(cwd).filter((name) => name.includes('partial')),
    [],
    'nothing is left behind',
  )

  const whileRunning = await claw(['restore', 'bots.tar.gz', '--force'], { cwd })
  t.equal(whileRunning.code, 78)
  t.match(whileRunning.err, /in use by another engine/)
  await running.stop()

  const notEmpty = await claw(['restore', 'bots.tar.gz'], { cwd })
  t.equal(notEmpty.code, 78)
  t.match(notEmpty.err, /not empty/)
  await rm(join(cwd, '.openclaw'), { recursive: true })
  const restored = await claw(['restore', 'bots.tar.gz', '--format', 'json'], { cwd })
  t.equal(restored.code, 0, restored.err)
  t.equal((await claw(['audit', 'verify'], { cwd })).err.includes('broken'), false)

  const again = await startClawProcess(cwd)
  t.teardown(() => again.stop())
  // A message that was answered before the backup is known: its repeat gets the answer and makes no turn.
  const before = await transcripts(cwd)
  for (let n = 0; n < 30; n++) {
    t.ok(before.includes(`before ${n}"`), `message ${n} is there`)
    t.match((await say(again, `u${n % 3}`, `before ${n}`)).body['response'], new RegExp(`before ${n}(?:\\n|$)`))
  }
  t.equal(await transcripts(cwd), before)
})

t.test('a folder that is replaced is kept; a damaged or foreign archive changes nothing', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  const running = await startClawProcess(cwd)
  await say(running, 'u', 'hi')
  await running.stop()
  t.equal((await claw(['backup', 'good.tar.gz'], { cwd })).code, 0)
  await appendFile(join(cwd, '.openclaw', 'mine.txt'), 'mine')
  const size = (await readFile(join(cwd, 'good.tar.gz'))).length
  const bad = Buffer.from(await readFile(join(cwd, 'good.tar.gz')))
  bad[Math.floor(size / 2)] = (bad[Math.floor(size / 2)] as number) ^ 0xff
  await writeFile(join(cwd, 'flipped.tar.gz'), bad)
  await writeFile(join(cwd, 'cut.tar.gz'), await readFile(join(cwd, 'good.tar.gz')))
  await truncate(join(cwd, 'cut.tar.gz'), Math.floor(size * 0.7))
  await writeFile(join(cwd, 'text.tar.gz'), 'no archive')
  await mkdir(join(cwd, 'other'))
  await writeFile(join(cwd, 'other', 'x'), 'x')
  await create({ cwd, file: join(cwd, 'foreign.tar.gz'), gzip: true }, ['other'])
  for (const name of ['flipped', 'cut', 'text', 'foreign']) {
    const { code, err } = await claw(['restore', `${name}.tar.gz`, '--force'], { cwd })
    t.equal(code, 78, `${name}: ${err}`)
    t.equal(await readFile(join(cwd, '.openclaw', 'mine.txt'), 'utf8'), 'mine', name)
  }
  t.equal((await claw(['restore', 'missing.tar.gz', '--force'], { cwd })).code, 66)

  const { code, out, err } = await claw(['restore', 'good.tar.gz', '--force', '--format', 'json'], { cwd })
  t.equal(code, 0, err)
  const { previous } = JSON.parse(out) as { previous: string }
  t.equal(await readFile(join(previous, 'mine.txt'), 'utf8'), 'mine')
  t.notOk(existsSync(join(cwd, '.openclaw', 'mine.txt')))
  t.same(
    readdirSync(cwd).filter((name) => name.includes('.restore-')),
    [],
  )
})

t.test('killed at any moment, a restore leaves the old folder or the new one', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  const running = await startClawProcess(cwd)
  for (let n = 0; n < 10; n++) await say(running, 'u', `m${n}`)
  await running.stop()
  t.equal((await claw(['backup', 'b.tar.gz'], { cwd })).code, 0)
  for (let ms = 60; ms < 400; ms += 45) {
    const child = spawn(process.execPath, [CLAW, 'restore', 'b.tar.gz', '--force'], { cwd, stdio: 'ignore' })
    const ended = new Promise((resolve) => child.on('exit', resolve))
    setTimeout(() => child.kill('SIGKILL'), ms)
    await ended
    const places = readdirSync(cwd).filter((name) => name === '.openclaw' || name.includes('before-restore'))
    t.ok(
      places.some((name) => existsSync(join(cwd, name, 'state.db'))),
      `after ${ms} ms`,
    )
  }
  t.equal((await claw(['restore', 'b.tar.gz', '--force'], { cwd })).code, 0)
  const again = await startClawProcess(cwd)
  t.ok((await transcripts(cwd)).includes('m9'))
  await again.stop()
})
