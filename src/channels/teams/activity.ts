// Activities of the Bot Framework, as far as the channel reads them.

export interface Account {
  readonly id?: string
  readonly name?: string
  readonly aadObjectId?: string
  readonly role?: string
}

export interface TeamsAttachment {
  readonly contentType?: string
  readonly contentUrl?: string
  readonly content?: unknown
  readonly name?: string
}

export interface Activity {
  readonly type?: string
  readonly id?: string
  readonly name?: string
  readonly timestamp?: string
  readonly serviceUrl?: string
  readonly from?: Account
  readonly recipient?: Account
  readonly conversation?: { readonly id?: string; readonly conversationType?: string; readonly tenantId?: string }
  readonly text?: string
  readonly entities?: readonly { readonly type?: string; readonly mentioned?: Account; readonly text?: string }[]
  readonly attachments?: readonly TeamsAttachment[]
  readonly value?: unknown
}

/** A thread of a channel is part of the conversation's id. */
export function placeOf(activity: Activity): { readonly groupId?: string; readonly threadId?: string } {
  const { id = '', conversationType } = activity.conversation ?? {}
  if (conversationType === 'personal') return {}
  const [groupId = '', thread] = id.split(';messageid=')
  return { groupId, ...(thread === undefined ? {} : { threadId: thread }) }
}

export const userIdOf = ({ from }: Activity): string => from?.aadObjectId ?? from?.id ?? ''
