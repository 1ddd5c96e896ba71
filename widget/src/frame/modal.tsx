/** Something over the whole chat: the browser keeps the focus inside, closes it by Escape and puts the focus back. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icons";
import { useLanguage } from "./language";

interface ModalProps {
  label: string;
  name: string;
  onClose: () => void;
  children?: ComponentChildren;
}

/** Gives its children a way to close it. */
export function Modal({ label, name, onClose, children }: ModalProps): ComponentChildren {
  const { words } = useLanguage();
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => box.current?.showModal(), []);
  return (
    <dialog
      ref={box}
      class={name}
      aria-label={label}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => event.target === event.currentTarget && event.currentTarget.close()}
    >
      <button class="tool" aria-label={words.back} onClick={() => box.current?.close()}>
        <Icon name="down" turned="back" />
      </button>
      {children}
    </dialog>
  );
}
