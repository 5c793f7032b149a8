// What lies over the page: dialogs, questions, menus. Focus goes in, stays in, and comes back.

// By namespace: the two share one root, and whichever is imported last as an object gives both its parts.
import * as AlertDialog from "@kobalte/core/alert-dialog";
import * as Dialog from "@kobalte/core/dialog";
import { DropdownMenu } from "@kobalte/core/dropdown-menu";
import { createSignal, For, type JSX, Show } from "solid-js";
import { errorWords } from "../talk/errors.ts";
import { t } from "../words/words.ts";
import type { IconName } from "./icons.ts";
import { Button, Icon, IconButton } from "./parts.tsx";

export function Modal(props: {
  open: boolean;
  title: string;
  onClose: () => void;
  children: JSX.Element;
  kind?: "sheet";
  /** There is nothing in it but words. */
  words?: boolean;
}): JSX.Element {
  return (
    <Dialog.Root open={props.open} onOpenChange={(open) => !open && props.onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay class="overlay" />
        <div class={`modal-place ${props.kind ?? ""}`}>
          <Dialog.Content
            class="modal"
            onOpenAutoFocus={(event) => {
              const wanted = (event.target as HTMLElement | null)?.querySelector<HTMLElement>("[data-autofocus]");
              if (!wanted) return;
              event.preventDefault();
              wanted.focus();
            }}
          >
            <header class="modal-head">
              <Dialog.Title class="modal-title">{props.title}</Dialog.Title>
              <IconButton icon="close" label={t("common.close")} onClick={() => props.onClose()} />
            </header>
            <div class="modal-body scroll" tabIndex={props.words ? 0 : undefined}>{props.children}</div>
          </Dialog.Content>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

export interface Question {
  readonly title: string;
  readonly hint?: string;
  readonly extra?: string;
  readonly yes: string;
  /** What is done; while it runs the question stays, and says so when it fails. */
  readonly run: () => unknown;
}

/** A question that is in the way until it is answered. */
export function Ask(props: { question: Question | undefined; onClose: () => void }): JSX.Element {
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<string>();
  const answer = async (question: Question): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await question.run();
      props.onClose();
    } catch (failure) {
      setError(errorWords(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <AlertDialog.Root
      open={props.question !== undefined}
      onOpenChange={(open) => {
        if (open) return;
        setError(undefined);
        props.onClose();
      }}
    >
      <AlertDialog.Portal>
        <AlertDialog.Overlay class="overlay" />
        <div class="modal-place small">
          <AlertDialog.Content class="modal ask">
            <Show when={props.question}>
              {(question) => (
                <>
                  <AlertDialog.Title class="modal-title">{question().title}</AlertDialog.Title>
                  <AlertDialog.Description class="ask-hint">
                    {[question().hint, question().extra].filter(Boolean).join(" ")}
                  </AlertDialog.Description>
                  <Show when={error()}><p class="field-error" role="alert">{error()}</p></Show>
                  <div class="ask-answers">
                    <AlertDialog.CloseButton class="button quiet">{t("common.cancel")}</AlertDialog.CloseButton>
                    <Button kind="danger" disabled={busy()} onClick={() => void answer(question())}>{question().yes}</Button>
                  </div>
                </>
              )}
            </Show>
          </AlertDialog.Content>
        </div>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

export interface Action {
  readonly icon?: IconName;
  readonly label: string;
  readonly danger?: boolean;
  readonly run: () => void;
}

export function MenuItems(props: { actions: readonly Action[] }): JSX.Element {
  return (
    <For each={props.actions}>
      {(action) => (
        <DropdownMenu.Item class="menu-item" classList={{ danger: action.danger ?? false }} onSelect={action.run}>
          <Show when={action.icon}>{(name) => <Icon name={name()} />}</Show>
          <span>{action.label}</span>
        </DropdownMenu.Item>
      )}
    </For>
  );
}

/** A button with three dots, and what it offers. */
export function MoreMenu(props: { label: string; icon?: IconName; class?: string; actions: readonly Action[] }): JSX.Element {
  return (
    <DropdownMenu modal={false} placement="bottom-end" gutter={4}>
      <DropdownMenu.Trigger class={`icon-button ${props.class ?? ""}`} aria-label={props.label} title={props.label}>
        <Icon name={props.icon ?? "more"} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content class="menu"><MenuItems actions={props.actions} /></DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu>
  );
}
