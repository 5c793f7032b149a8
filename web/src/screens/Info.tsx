// About a chat: who is in it, and what may be changed.

import { createEffect, createResource, createSignal, For, type JSX, on, Show } from "solid-js";
import { Field } from "../parts/forms.tsx";
import { type Action, Modal, MoreMenu } from "../parts/overlays.tsx";
import { Toggle } from "../parts/forms.tsx";
import { Avatar, Button, Icon, IconButton, Skeleton } from "../parts/parts.tsx";
import { go, toChat } from "../route/route.ts";
import { errorWords } from "../talk/errors.ts";
import type { Member, Role, UserId } from "../talk/types.ts";
import { t } from "../words/words.ts";
import { copy, useApp } from "./app.ts";
import { PeoplePicker } from "./PeoplePicker.tsx";
import { presenceWords } from "./sayings.ts";

export function Info(props: { chatId: string; open: boolean; onClose: () => void }): JSX.Element {
  const app = useApp();
  const { state } = app;
  const peer = state.peer(props.chatId);
  return (
    <Modal kind="sheet" open={props.open} title={peer === undefined ? t("group.info") : t("group.infoDirect")} onClose={props.onClose}>
      <div class="about">
        <Avatar size="l" id={peer ?? props.chatId} name={state.title(props.chatId)} icon={peer === state.me ? "notes" : undefined} />
        <Show when={peer} fallback={<GroupTitle chatId={props.chatId} />}>
          {(userId) => (
            <>
              <h3 class="theirs">{state.title(props.chatId)}</h3>
              <Show when={state.people.person(userId())?.username}>
                {(name) => (
                  <button type="button" class="soft copyable" onClick={() => void copy(app, name(), t("chat.copied"))}>@{name()}<Icon name="copy" class="small" /></button>
                )}
              </Show>
              <Show when={userId() !== state.me}><p class="soft">{presenceWords(state, userId())}</p></Show>
            </>
          )}
        </Show>
      </div>
      <div class="settings-box">
        <Toggle label={t("list.muted")} on={state.chat(props.chatId)?.muted ?? false} onChange={(on) => state.talk.mute(props.chatId, on)} />
        <Toggle label={t("list.pinned")} on={state.chat(props.chatId)?.pinned ?? false} onChange={(on) => state.talk.pin(props.chatId, on)} />
      </div>
      <Show when={peer === undefined && props.open && !state.chat(props.chatId)?.gone}><Members chatId={props.chatId} /></Show>
    </Modal>
  );
}

const mayManage = (role: Role | undefined): boolean => role === "owner" || role === "admin";

function GroupTitle(props: { chatId: string }): JSX.Element {
  const { state, notice } = useApp();
  const [editing, setEditing] = createSignal(false);
  const [title, setTitle] = createSignal("");
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (title().trim() === "") return;
    try {
      await state.talk.rest.updateGroup(props.chatId, { title: title().trim() });
      setEditing(false);
    } catch (failure) {
      notice(errorWords(failure));
    }
  };
  return (
    <Show
      when={editing()}
      fallback={
        <div class="about-title">
          <h3 class="theirs">{state.title(props.chatId)}</h3>
          <Show when={mayManage(state.chat(props.chatId)?.role) && !state.chat(props.chatId)?.gone}>
            <IconButton icon="edit" label={t("group.rename")} onClick={() => {
              setTitle(state.chat(props.chatId)?.title ?? "");
              setEditing(true);
            }} />
          </Show>
        </div>
      }
    >
      <form class="form row" onSubmit={(event) => void save(event)}>
        <Field label={t("group.title")} value={title()} onInput={setTitle} maxLength={128} autofocus />
        <Button kind="primary" type="submit">{t("settings.save")}</Button>
      </form>
    </Show>
  );
}

function Members(props: { chatId: string }): JSX.Element {
  const app = useApp();
  const { state } = app;
  const [adding, setAdding] = createSignal(false);
  const [chosen, setChosen] = createSignal<readonly UserId[]>([]);
  const [more, setMore] = createSignal<Member[]>([]);
  const [cursor, setCursor] = createSignal<string>();
  const chat = (): ReturnType<typeof state.chat> => state.chat(props.chatId);
  const [page, { refetch }] = createResource(async () => {
    const found = await state.talk.rest.members(props.chatId);
    setMore([]);
    setCursor(found.cursor);
    return found.members;
  });
  // Whoever comes or goes, it is an entry of the chat.
  createEffect(on(() => chat()?.last, () => void refetch(), { defer: true }));
  const run = async (change: () => Promise<unknown>): Promise<void> => {
    try {
      await change();
      await refetch();
    } catch (failure) {
      app.notice(errorWords(failure));
    }
  };
  const loadMore = (): Promise<void> => run(async () => {
    const found = await state.talk.rest.members(props.chatId, cursor());
    setMore([...more(), ...found.members]);
    setCursor(found.cursor);
  });
  const { rest } = state.talk;
  const role = (userId: UserId, to: Role) => (): void => void run(() => rest.setRole(props.chatId, userId, to));
  const actions = (member: Member): Action[] => {
    const mine = chat()?.role;
    const list: Action[] = [];
    if (mine === "owner") {
      if (member.role !== "owner") list.push({ icon: "person", label: t("group.makeOwner"), run: role(member.userId, "owner") });
      if (member.role !== "admin") list.push({ icon: "person", label: t("group.makeAdmin"), run: role(member.userId, "admin") });
      if (member.role !== "member") list.push({ icon: "person", label: t("group.makeMember"), run: role(member.userId, "member") });
    }
    if (mine === "owner" || (mine === "admin" && member.role === "member")) {
      const name = state.people.name(member.userId);
      list.push({
        icon: "trash", label: t("group.removeDo"), danger: true,
        run: () => app.ask({
          title: t("group.removeAsk", { name }), hint: t("group.removeHint"), yes: t("group.removeDo"),
          run: async () => {
            await rest.removeMember(props.chatId, member.userId);
            await refetch();
          },
        }),
      });
    }
    return list;
  };
  const roleName = (member: Member): string =>
    member.role === "owner" ? t("group.owner") : member.role === "admin" ? t("group.admin") : "";
  return (
    <>
      <h3 class="part-title">{t("group.members", { count: chat()?.members ?? 0 })}</h3>
      <Show when={adding()} fallback={
        <button type="button" class="row-link" onClick={() => setAdding(true)}>
          <span class="row-sign"><Icon name="addPerson" /></span><span class="row-words">{t("group.addMember")}</span>
        </button>
      }>
        <div class="settings-box">
          <PeoplePicker label={t("group.addMemberHint")} chosen={chosen()} onChange={setChosen} without={(page() ?? []).map(({ userId }) => userId)} />
          <div class="form-end">
            <Button kind="quiet" onClick={() => setAdding(false)}>{t("common.cancel")}</Button>
            <Button kind="primary" disabled={chosen().length === 0} onClick={() => void run(async () => {
              await rest.addMembers(props.chatId, chosen());
              setChosen([]);
              setAdding(false);
            })}>{t("group.add")}</Button>
          </div>
        </div>
      </Show>
      <Show when={!page.error} fallback={<p class="note" role="alert"><Icon name="offline" />{errorWords(page.error)}</p>}>
        <Show when={page.latest} fallback={<Skeleton rows={3} label={t("list.loading")} />}>
          <ul class="rows">
            <For each={[...(page.latest ?? []), ...more()]}>
              {(member) => (
                <li class="row-item">
                  <button type="button" class="row-link" onClick={() => go(toChat(state.talk.directChat(member.userId)))}>
                    <Avatar id={member.userId} name={state.people.name(member.userId)} />
                    <span class="row-words">
                      <span class="theirs oneline">{state.people.name(member.userId) || "…"}{member.userId === state.me ? ` (${t("group.you")})` : ""}</span>
                      <span class="soft oneline">@{state.people.person(member.userId)?.username}</span>
                    </span>
                    <Show when={roleName(member)}><span class="tag">{roleName(member)}</span></Show>
                  </button>
                  <Show when={member.userId !== state.me && actions(member).length > 0}>
                    <MoreMenu label={t("group.actions", { name: state.people.name(member.userId) })} actions={actions(member)} />
                  </Show>
                </li>
              )}
            </For>
          </ul>
        </Show>
        <Show when={cursor()}><Button kind="quiet" onClick={() => void loadMore()}>{t("group.more")}</Button></Show>
      </Show>
      <Button kind="danger" class="wide quiet" icon="logOut" onClick={() => app.ask({
        title: t("group.leaveAsk", { title: state.title(props.chatId) }), hint: t("group.leaveHint"), yes: t("group.leave"),
        run: async () => {
          await rest.removeMember(props.chatId, state.me);
          go({ at: "chats" });
        },
      })}>{t("group.leave")}</Button>
    </>
  );
}
