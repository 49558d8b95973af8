import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { serviceFor } from '../../src/cli/service/units.ts'
import { type CliResult, runCliWith } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const YAML = 'agents: { main: { soul: x } }\nchannels: { http: { allowFrom: ["http:me"] } }\n'
const SPEC = {
  name: 'claw-bot',
  node: '/opt/my node/node',
  script: '/opt/claw/bin/claw.js',
  config: '/srv/50% $off/openclaw.yaml',
  folder: '/srv/50% $off',
  logFile: '/srv/state/service.log',
}

/** A machine whose systemctl writes down how it is called; with a file `broken`, it fails. */
function machine(t: Test) {
  const script =
    '#!/bin/sh\necho "$(basename "$0") $*" >> "$HOME/calls"\n[ -e "$HOME/broken" ] && echo no bus >&2 && exit 1\necho active\n'
  const home = testdir(t, {
    bin: { systemctl: script, journalctl: script },
    bot: { 'openclaw.yaml': YAML, 'bad.yaml': 'agents: 5\n' },
  })
  for (const name of ['systemctl', 'journalctl']) chmodSync(join(home, 'bin', name), 0o755)
  const env = { HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH']}` }
  return {
    home,
    unit: join(home, '.config/systemd/user/claw-bot.service'),
    calls: () => readFileSync(join(home, 'calls'), 'utf8').trim().split('\n'),
    claw: (...args: string[]): Promise<CliResult> => runCliWith(env, join(home, 'bot'), 'service', ...args),
  }
}

t.test('a unit for systemd, whatever its paths hold', async (t) => {
  const options = { system: false, home: '/home/me', uid: 1000 }
  const own = serviceFor('linux', SPEC, options)
  t.equal(own?.file, '/home/me/.config/systemd/user/claw-bot.service')
  t.match(own?.text, 'WorkingDirectory=/srv/50%% $off\n')
  t.match(own?.text, 'ExecStart="/opt/my node/node" "/opt/claw/bin/claw.js" "-c" "/srv/50%% $$off/openclaw.yaml" "run"\n')
  t.match(own?.text, 'RestartPreventExitStatus=78\n')
  t.match(own?.text, 'WantedBy=default.target\n')
  t.notMatch(own?.text, /User=/)
  const machines = serviceFor('linux', SPEC, { ...options, system: true })
  t.equal(machines?.file, '/etc/systemd/system/claw-bot.service')
  t.match(machines?.text, /User=1000\n[\s\S]*WantedBy=multi-user\.target/)
  t.same(machines?.start, [
    ['systemctl', 'daemon-reload'],
    ['systemctl', 'enable', '--now', 'claw-bot.service'],
  ])
})

t.test('a property list for launchd, and nothing elsewhere', async (t) => {
  const options = { system: false, home: '/Users/me', uid: 501 }
  const agent = serviceFor('darwin', { ...SPEC, config: '/a&b/openclaw.yaml' }, options)
  t.equal(agent?.file, '/Users/me/Library/LaunchAgents/claw.claw-bot.plist')
  t.match(agent?.text, '<string>/a&amp;b/openclaw.yaml</string>')
  t.same(agent?.start, [['launchctl', 'bootstrap', 'gui/501', '/Users/me/Library/LaunchAgents/claw.claw-bot.plist']])
  t.same(agent?.logs(5), ['tail', '-n', '5', '/srv/state/service.log'])
  t.equal(serviceFor('win32', SPEC, options), null)
})

t.test('installed, asked about, read and taken away', { skip: process.platform !== 'linux' }, async (t) => {
  const { claw, unit, calls } = machine(t)
  t.match(await claw('status', '--format', 'json'), { code: 1, out: /"installed": false/ })
  t.match(await claw('install'), { code: 0, out: /installed claw-bot[\s\S]*enable-linger/ })
  t.match(readFileSync(unit, 'utf8'), /ExecStart=.*openclaw\.yaml" "run"/)
  t.match((await claw('status', '--format', 'json')).json(), {
    formatVersion: 1,
    name: 'claw-bot',
    installed: true,
    active: true,
  })
  t.match(await claw('logs', '--lines', '7'), { code: 0, out: 'active\n' })
  t.match(await claw('logs', '--lines', 'x'), { code: 64 })
  t.match(await claw('uninstall'), { code: 0, out: /uninstalled claw-bot/ })
  t.notOk(existsSync(unit))
  t.same(calls(), [
    'systemctl --user daemon-reload',
    'systemctl --user enable --now claw-bot.service',
    'systemctl --user is-active claw-bot.service',
    'journalctl --user --no-pager --output=short-iso --lines=7 --unit=claw-bot.service',
    'systemctl --user disable --now claw-bot.service',
    'systemctl --user daemon-reload',
  ])
  t.match(await claw('uninstall'), { code: 1, err: /is not installed/ })
})

t.test('nothing is left where it cannot be installed', { skip: process.platform !== 'linux' }, async (t) => {
  const { claw, unit, home } = machine(t)
  t.match(await claw('install', '-c', 'bad.yaml'), { code: 1, err: /CLAW103/ })
  t.match(await claw('install', '-c', 'nowhere.yaml'), { code: 66 })
  t.match(await claw('install', '--print'), { code: 0, out: /^\[Unit\]\n/ })
  t.match(await claw('install', '--name', '../x'), { code: 64, err: /is no name/ })
  t.match(await claw('frobnicate'), { code: 64 })
  t.match(await claw(), { code: 64 })
  t.notOk(existsSync(join(home, 'calls')))
  writeFileSync(join(home, 'broken'), '')
  t.match(await claw('install'), {
    code: 1,
    err: /was not installed: systemctl --user daemon-reload failed: no bus[\s\S]*--print/,
  })
  t.notOk(existsSync(unit))
})
