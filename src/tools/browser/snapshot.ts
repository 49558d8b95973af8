// The accessibility tree of a page in, a list of what can be acted on out: one line a control, with a ref that names it.

import { headOf } from '../../text-cut.ts'

/** As the protocol gives it. */
export interface AxNode {
  readonly nodeId: string
  readonly ignored?: boolean
  readonly role?: { readonly value?: unknown }
  readonly name?: { readonly value?: unknown }
  readonly value?: { readonly value?: unknown }
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value?: unknown } }[]
  readonly childIds?: readonly string[]
  readonly parentId?: string
  readonly backendDOMNodeId?: number
}

export interface Control {
  readonly role: string
  readonly name: string
  readonly value?: string
  readonly level?: number
  /** In the frame it is in. */
  readonly node: number
}

export type Item = Control | { readonly text: string }

const CONTROLS = new Set(
  `button link textbox searchbox combobox checkbox radio switch slider spinbutton tab menuitem menuitemcheckbox menuitemradio treeitem
  option listbox heading Iframe ColorWell Date DateTime InputTime PopUpButton DisclosureTriangle`.split(/\s+/),
)
/** What the tree calls otherwise than people do. */
const ROLES: Readonly<Record<string, string>> = { PopUpButton: 'combobox', DisclosureTriangle: 'button', ColorWell: 'textbox' }
const MOST_NAME = 80
const MOST_VALUE = 120

/** In the order of the page. */
export function readTree(nodes: readonly AxNode[]): readonly Item[] {
  const byId = new Map(nodes.map((node) => [node.nodeId, node]))
  const items: Item[] = []
  const visit = (node: AxNode | undefined, inside: boolean): void => {
    if (node === undefined) return
    const control = node.ignored === true ? undefined : controlOf(node)
    if (control !== undefined) items.push(control)
    else if (!inside && node.role?.value === 'StaticText') {
      const text = plain(node.name?.value)
      if (text !== '') items.push({ text })
    }
    // Texts inside a control are its name.
    const isClosed = control !== undefined && control.role !== 'listbox'
    for (const id of node.childIds ?? []) visit(byId.get(id), inside || isClosed)
  }
  const [root] = nodes
  visit(root, false)
  const names = new Set(items.flatMap((item) => ('name' in item ? [item.name] : [])))
  // A label says what its field is called.
  return items.filter((item) => !('text' in item) || !names.has(item.text))
}

function controlOf({ role, name, value, properties = [], backendDOMNodeId }: AxNode): Control | undefined {
  const raw = String(role?.value ?? '')
  if (!CONTROLS.has(raw) || raw === 'Iframe' || backendDOMNodeId === undefined) return undefined
  const property = (wanted: string): unknown => properties.find((one) => one.name === wanted)?.value.value
  const level = property('level')
  const checked = property('checked')
  const states = [
    ...(checked === 'true' || checked === true ? ['checked'] : []),
    ...(property('disabled') === true ? ['disabled'] : []),
    ...(property('expanded') === true ? ['expanded'] : []),
    ...(property('selected') === true ? ['selected'] : []),
  ]
  const written = value?.value === undefined || raw === 'heading' ? '' : headOf(plain(value.value), MOST_VALUE)
  const shown = [...(written === '' ? [] : [written]), ...states].join(', ')
  return {
    role: ROLES[raw] ?? raw,
    name: headOf(plain(name?.value), MOST_NAME),
    ...(shown === '' ? {} : { value: shown }),
    ...(raw === 'heading' && typeof level === 'number' ? { level } : {}),
    node: backendDOMNodeId,
  }
}

const plain = (value: unknown): string =>
  String(value ?? '')
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()

/** From so many controls on they are written shorter, by marks. */
const MANY = 60
const LEGEND = '[button] {field: value} link'
const MOST_CONTROLS = 400
const MOST_TEXT = 2_000
/** What texts of a long list of controls may take. */
const LEAST_TEXT = 400

/** `refOf` gives a control its ref. */
export function snapshotText(items: readonly Item[], refOf: (control: Control) => string): string {
  const count = items.filter((item) => 'node' in item).length
  const isLong = count > MANY
  const lines = isLong ? [LEGEND] : []
  let room = isLong ? LEAST_TEXT : MOST_TEXT
  let left = MOST_CONTROLS
  for (const item of items) {
    if ('node' in item) {
      if (left-- > 0) lines.push(`${refOf(item)} ${isLong ? marked(item) : named(item)}`)
    } else if (room > 0) {
      const text = headOf(item.text, room)
      room -= text.length
      lines.push(text)
    }
  }
  if (left < 0) lines.push(`[${-left} more controls; scroll or follow a link to a smaller page]`)
  return lines.join('\n')
}

const FIELDS = new Set(['textbox', 'searchbox', 'spinbutton', 'combobox'])

function marked(control: Control): string {
  const { role, name, value } = control
  const ending = value === undefined ? '' : `: ${value}`
  if (role === 'link' && name !== '') return `${name}${ending}`
  if (role === 'button') return `[${name}${ending}]`
  return FIELDS.has(role) ? `{${name}${ending}}` : named(control)
}

const named = ({ role, name, value, level }: Control): string =>
  [role, name === '' ? '' : `"${name}"`, value === undefined ? '' : `= ${value}`, level === undefined ? '' : `(level ${level})`]
    .filter((part) => part !== '')
    .join(' ')
