// Questions that wait for a person: cards with the whole command and three buttons, the same wherever they are shown.

import { h, visible, when } from './dom.js'

export function createApprovals({ decide, onChange }) {
  const open = new Map()

  function card(approval, canDecide) {
    const { id, agentId, toolName, text, input, reason, cwd, requestedBy, expiresAt, canRemember } = approval
    const answer = (decision) => (event) => {
      for (const button of event.target.parentElement.querySelectorAll('button')) button.disabled = true
      decide(id, decision)
    }
    return h(
      'article',
      { class: 'card approval', 'data-approval': id, 'aria-label': `Approval ${id}` },
      h('h3', {}, `${agentId} wants to use ${toolName}`),
      h('pre', { class: 'command' }, visible(text ?? JSON.stringify(input, null, 2))),
      h(
        'p',
        { class: 'dim' },
        [reason, cwd && `in ${cwd}`, requestedBy && `asked by ${requestedBy}`, `open until ${when(expiresAt)}`]
          .filter(Boolean)
          .join(' · '),
      ),
      canDecide
        ? h(
            'div',
            { class: 'row' },
            h('button', { class: 'primary', onclick: answer('once') }, 'Allow once'),
            canRemember !== false && h('button', { onclick: answer('always') }, 'Always allow'),
            h('button', { class: 'danger', onclick: answer('deny') }, 'Deny'),
          )
        : h('p', { class: 'dim' }, 'Waiting for an owner to answer.'),
    )
  }

  return {
    open,
    card,
    add(approval) {
      open.set(approval.id, approval)
      onChange(open.size)
    },
    /** Takes every card of a question away, leaving a line that says what came of it. */
    settle(id, decision) {
      open.delete(id)
      const words = {
        once: 'Allowed once',
        always: 'Always allowed',
        deny: 'Denied',
        expired: 'Nobody answered in time',
        cancelled: 'Withdrawn',
      }
      for (const element of document.querySelectorAll('[data-approval]')) {
        if (element.dataset.approval !== id) continue
        element.querySelector('.row')?.remove()
        element.append(h('p', { class: 'outcome' }, words[decision] ?? decision))
        element.classList.add('settled')
        element.removeAttribute('data-approval')
      }
      onChange(open.size)
    },
  }
}
