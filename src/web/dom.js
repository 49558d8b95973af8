// Builds elements. Text goes in as text only: nothing on this page is ever parsed as HTML.

/** `h('p', { class: 'x', onclick }, 'text', child, null)`; false and null children are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false))
  return element
}

export const byId = (id) => document.getElementById(id)

/** Local time of day, with the date when it isn't today's. */
export function when(time) {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return ''
  const sameDay = date.toDateString() === new Date().toDateString()
  return sameDay ? date.toLocaleTimeString() : date.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })
}

/** A table with a caption for screen readers. */
export function table(caption, heads, rows) {
  if (rows.length === 0) return h('p', { class: 'empty' }, `No ${caption.toLowerCase()} yet.`)
  const head = h(
    'tr',
    {},
    heads.map((text) => h('th', { scope: 'col' }, text)),
  )
  const body = rows.map((cells) =>
    h(
      'tr',
      {},
      cells.map((cell, index) => h('td', { 'data-head': heads[index] }, cell)),
    ),
  )
  return h('div', { class: 'scroll' }, h('table', {}, h('caption', {}, caption), h('thead', {}, head), h('tbody', {}, body)))
}

/** Ids for messages; randomUUID exists only on https and localhost. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Characters that hide or reorder text, written out: what a tool is given must look like what it is. */
export function visible(text) {
  return text.replace(/[\p{Cf}\p{Co}\u2028\u2029]|(?![\n\t])\p{Cc}/gu, (char) => `\\u{${char.codePointAt(0).toString(16)}}`)
}
