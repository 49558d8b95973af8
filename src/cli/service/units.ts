// What a service manager is told to keep a bot running: the unit's text, where it lies, and the commands that make it so. Pure.

export interface ServiceSpec {
  readonly name: string
  /** Absolute paths: the program that runs, its script, the configuration and its folder. */
  readonly node: string
  readonly script: string
  readonly config: string
  readonly folder: string
  /** Where launchd writes what the engine logs. */
  readonly logFile: string
}

export type Command = readonly [program: string, ...args: string[]]

export interface Service {
  readonly manager: 'systemd' | 'launchd'
  readonly file: string
  readonly text: string
  readonly start: readonly Command[]
  readonly stop: readonly Command[]
  /** After the unit's file is gone. */
  readonly forget: readonly Command[]
  /** Says whether it runs, in its exit code and in one word. */
  readonly query: Command
  logs(lines: number): Command
}

export interface ServiceOptions {
  /** For the machine rather than for one person. */
  readonly system: boolean
  /** That person's folder. */
  readonly home: string
  /** Who runs it: of a system service the owner of the configuration. */
  readonly uid: number
}

/** The unit of a platform, or null where no manager is known. */
export function serviceFor(platform: string, spec: ServiceSpec, options: ServiceOptions): Service | null {
  if (platform === 'linux') return systemd(spec, options)
  return platform === 'darwin' ? launchd(spec, options) : null
}

function systemd(spec: ServiceSpec, { system, home, uid }: ServiceOptions): Service {
  const unit = `${spec.name}.service`
  const scope = system ? [] : ['--user']
  const folder = system ? '/etc/systemd/system' : `${home}/.config/systemd/user`
  const systemctl = (...args: string[]): Command => ['systemctl', ...scope, ...args]
  return {
    manager: 'systemd',
    file: `${folder}/${unit}`,
    text: systemdUnit(spec, system ? uid : null),
    start: [systemctl('daemon-reload'), systemctl('enable', '--now', unit)],
    stop: [systemctl('disable', '--now', unit)],
    forget: [systemctl('daemon-reload')],
    query: systemctl('is-active', unit),
    logs: (lines) => ['journalctl', ...scope, '--no-pager', '--output=short-iso', `--lines=${lines}`, `--unit=${unit}`],
  }
}

/** In a unit, `%` and `$` have a meaning of their own, and blanks part words. */
const word = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`

const systemdUnit = ({ name, node, script, config, folder }: ServiceSpec, uid: number | null): string => `[Unit]
Description=${name.replaceAll('%', '%%')}
After=network-online.target

[Service]
${uid === null || uid === 0 ? '' : `User=${uid}\n`}WorkingDirectory=${folder.replaceAll('%', '%%')}
ExecStart=${[node, script, '-c', config, 'run'].map(word).join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=78
TimeoutStopSec=30
UMask=0077

[Install]
WantedBy=${uid === null ? 'default' : 'multi-user'}.target
`

function launchd(spec: ServiceSpec, { system, home, uid }: ServiceOptions): Service {
  const label = `claw.${spec.name}`
  const domain = system ? 'system' : `gui/${uid}`
  const file = `${system ? '/Library/LaunchDaemons' : `${home}/Library/LaunchAgents`}/${label}.plist`
  return {
    manager: 'launchd',
    file,
    text: launchdPlist(spec, label),
    start: [['launchctl', 'bootstrap', domain, file]],
    stop: [['launchctl', 'bootout', `${domain}/${label}`]],
    forget: [],
    query: ['launchctl', 'print', `${domain}/${label}`],
    logs: (lines) => ['tail', '-n', String(lines), spec.logFile],
  }
}

const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** launchd cannot be told which exit code is final: it waits a minute before it tries again. */
const launchdPlist = (
  { node, script, config, folder, logFile }: ServiceSpec,
  label: string,
): string => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${xml(label)}</string>
  <key>ProgramArguments</key>
  <array>
${[node, script, '-c', config, 'run'].map((part) => `    <string>${xml(part)}</string>`).join('\n')}
  </array>
  <key>WorkingDirectory</key><string>${xml(folder)}</string>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>ThrottleInterval</key><integer>60</integer>
  <key>ExitTimeOut</key><integer>30</integer>
  <key>Umask</key><integer>63</integer>
  <key>StandardOutPath</key><string>${xml(logFile)}</string>
  <key>StandardErrorPath</key><string>${xml(logFile)}</string>
</dict>
</plist>
`
