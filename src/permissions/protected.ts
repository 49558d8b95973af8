// Names that no tool may touch, wherever they stand: keys, credentials, histories. A name comes in, a yes or no leaves.

const EXACT = new Set(
  `.ssh .gnupg .aws .azure .kube .docker .netrc _netrc .npmrc .pypirc .git-credentials .env .pgpass .my.cnf .htpasswd
  .dockercfg .vault-token .password-store .s3cfg .boto credentials .credentials credentials.json .credentials.json
  credentials.toml credentials.tfrc.json application_default_credentials.json service-account.json service_account.json
  client_secret.json .vault_pass .vault-pass .msmtprc .fetchmailrc .databrickscfg .rhosts .mozilla .thunderbird key4.db
  logins.json wallet.dat shadow shadow- gshadow gshadow- .histfile .lesshst fish_history ssh_host_rsa_key`.split(/\s+/),
)
const TEMPLATES = new Set(['.env.example', '.env.sample', '.env.template', '.env.dist', '.env.defaults'])
const HISTORY = /^\.[a-z0-9_-]*_?history$/
const PRIVATE_KEY = /^id_(rsa|dsa|ecdsa|ed25519|xmss)(_sk)?([._-](?!pub$).*)?$/
const KEY_FILE = /\.(pem|key|p12|pfx|jks|keystore|ppk|kdbx)$/
/** Folders that hold credentials under an ordinary name: parent, then child. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['.config', 'gh'],
  ['.config', 'gcloud'],
  ['.config', 'op'],
  ['.config', 'git'],
  ['.config', 'rclone'],
  ['.config', 'hub'],
  ['.config', 'doctl'],
  ['.config', 'hcloud'],
  ['.config', 'scw'],
  ['.config', 'netlify'],
  ['.config', 'flyctl'],
  ['.config', 'heroku'],
  ['.config', 'sops'],
  ['.config', 'containers'],
  ['.config', 'configstore'],
  ['.config', 'github-copilot'],
  ['.m2', 'settings.xml'],
  ['.m2', 'settings-security.xml'],
  ['.gradle', 'gradle.properties'],
  ['.composer', 'auth.json'],
  ['.huggingface', 'token'],
  ['.vercel', 'auth.json'],
  ['.fly', 'config.yml'],
  ['.mutt', 'passwords'],
  ['share', 'keyrings'],
  ['library', 'keychains'],
]

/** What a careless file system would make of a name: compatibility forms and case folded, trailing dots and blanks dropped. */
export const foldName = (name: string): string =>
  (/^[\x20-\x7e]*$/.test(name) ? name : name.normalize('NFKC')).toLowerCase().replace(/[. ]+$/, '')

/** Whether one path component names something protected. */
export function isProtectedName(component: string): boolean {
  // What editors leave beside a file: `.env~`, `#.env#`.
  const name = foldName(component).replace(/^#|[#~]+$/g, '')
  if (name.length < 3) return false
  if (EXACT.has(name)) return true
  if (name.startsWith('.env.')) return !TEMPLATES.has(name)
  return HISTORY.test(name) || PRIVATE_KEY.test(name) || KEY_FILE.test(name)
}

/** The protected component of a path given as its components, or undefined. */
export function protectedComponent(components: readonly string[]): string | undefined {
  for (const [index, component] of components.entries()) {
    if (isProtectedName(component)) return component
    const previous = components[index - 1]
    if (previous === undefined) continue
    const pair = [foldName(previous), foldName(component)]
    if (PAIRS.some(([parent, child]) => pair[0] === parent && pair[1] === child)) return `${previous}/${component}`
  }
  return undefined
}

/** Whether a folder of that name holds credentials under an ordinary one. */
export const mayHoldProtected = (folder: string): boolean => PAIRS.some(([parent]) => parent === foldName(folder))

const KEY_EXTENSIONS = ['.pem', '.key', '.p12', '.pfx', '.jks', '.keystore', '.ppk', '.kdbx']
/** Names a pattern is tried against. Those that are ordinary but for their folder (`*.json`, `log*`) are not among them. */
const SAMPLES = [
  ...[...EXACT].filter((name) => name !== '_netrc' && !/\.(json|toml|db|dat)$/.test(name)),
  '.env.local',
  '.env.production',
  '.bash_history',
  '.zsh_history',
  'id_rsa',
  'id_dsa',
  'id_ecdsa',
  'id_ed25519',
  ...KEY_EXTENSIONS.map((extension) => `x${extension}`),
]

const LONGEST_SAMPLE = Math.max(...SAMPLES.map((name) => name.length))

/**
 * Whether a file-name pattern is aimed at a protected name: it could stand for one, and spells out two characters and a third
 * of it, or the beginning of a key's extension. `*.json`, `s*` and `*` name nothing in particular; what they really meet is
 * looked at just before running. With its first dot spelled out it is aimed at hidden names, whatever follows.
 */
export function patternMeetsProtected(pattern: string): boolean {
  const folded = foldName(pattern)
  const extension = folded.slice(folded.lastIndexOf('.'))
  if (spelledIn(extension) >= 2 && KEY_EXTENSIONS.some((name) => globMatch(extension, name))) return true
  const spelled = spelledIn(folded)
  if (spelled > LONGEST_SAMPLE) return false
  const hidden = /^(\.|\[[^\]]*\.)/.test(folded)
  return SAMPLES.some((name) => {
    const dotted = name.startsWith('.')
    const aimed = (hidden && dotted) || (spelled >= (dotted ? 3 : 2) && spelled * 3 >= name.length)
    return aimed && globMatch(folded, name)
  })
}

/** How many characters a pattern spells out; a class of a few counts as one. */
function spelledIn(pattern: string): number {
  // Behind the last `]` there is no class to look for.
  const end = pattern.lastIndexOf(']') + 1
  const classes = pattern.slice(0, end).replace(/\[[^\]!^-]{1,3}\]/g, 'x')
  return (classes.replace(/\[[^\]]*\]/g, '') + pattern.slice(end)).replace(/[*?]/g, '').length
}

/** Matches `*`, `?` and `[...]`; at most the product of both lengths in steps. Doubt about a class counts as a match. */
export function globMatch(pattern: string, name: string): boolean {
  const tokens: string[] = []
  const lastEnd = pattern.lastIndexOf(']')
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i)
    if (character === '[' && lastEnd > i) {
      const end = pattern.indexOf(']', i + 2)
      if (end > 0) {
        const inner = pattern.slice(i + 1, end)
        tokens.push(/^[!^]|[:.=]/.test(inner) ? '?' : `[${inner}`)
        i = end
        continue
      }
    }
    if (character === '*' && tokens.at(-1) === '*') continue
    tokens.push(character === '*' || character === '?' ? character : `=${character}`)
  }
  let t = 0
  let n = 0
  let star = -1
  let mark = 0
  while (n < name.length) {
    const token = tokens[t]
    if (token === '*') {
      star = t++
      mark = n
    } else if (token !== undefined && fits(token, name.charAt(n))) {
      t++
      n++
    } else if (star >= 0) {
      t = star + 1
      n = ++mark
    } else return false
  }
  while (tokens[t] === '*') t++
  return t === tokens.length
}

/** Whether one token stands for one character: `?`, `=c`, or `[` and the inside of a class. */
function fits(token: string, character: string): boolean {
  if (token === '?') return true
  if (token.startsWith('=')) return token.slice(1) === character
  for (let i = 1; i < token.length; i++) {
    const low = token.charAt(i)
    const range = token.charAt(i + 1) === '-' && i + 2 < token.length
    const high = range ? token.charAt(i + 2) : low
    if (character >= low && character <= high) return true
    if (range) i += 2
  }
  return false
}
