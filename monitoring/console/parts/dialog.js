// Questions before something is done. Native dialogs: the focus stays inside, Escape says no.

import {h, put} from './dom.js';

const nameKey = 'musiccorp.operator';
export const operator = () => localStorage.getItem(nameKey) ?? '';

let labels = 0;
/** A label with its control below; the control is reachable as .control. */
export function labelled(label, control, hint) {
  control.id = `field-${++labels}`;
  const help = hint ? h('small', {id: `${control.id}-hint`}, hint) : null;
  if (help) control.setAttribute('aria-describedby', help.id);
  const element = h('p', {class: 'field'}, h('label', {for: control.id}, label), control, help);
  element.control = control;
  return element;
}

export const nameField = () => labelled('Your name', h('input', {value: operator(), required: true, maxlength: 100,
                                                                 autocomplete: 'name'}), 'goes into the audit trail');
export const reasonField = (required, hint) =>
  labelled('Reason', h('input', {required, maxlength: 1000}), hint ?? (required ? null : 'optional'));

/**
 * ask({title, text, fields, confirm, danger, act}): shows the fields and calls `act()` on confirmation; stays open
 * with the problem when it throws. Resolves to what `act` gave, or undefined when the person said no.
 */
export function ask({title, text, fields, confirm, danger, wide, act, began}) {
  return new Promise(done => {
    let result;
    const complaint = h('p', {class: 'complaint', role: 'alert'});
    const yes = h('button', {type: 'submit', class: danger ? 'danger' : 'primary'}, confirm);
    const no = h('button', {type: 'button', on: {click: () => dialog.close()}}, 'Leave it');
    const heading = h('h2', {id: `dialog-${++labels}`}, title);
    const form = h('form', {on: {submit: async event => {
      event.preventDefault();
      const name = fields?.name?.control.value;
      if (name) localStorage.setItem(nameKey, name);
      yes.disabled = true;
      try {
        result = await act();
        dialog.close();
      } catch (trouble) {
        put(complaint, trouble.message);
        yes.disabled = false;
      }
    }}}, heading, text ? h('p', {class: 'quiet'}, text) : null, Object.values(fields ?? {}), complaint,
    h('div', {class: 'buttons'}, no, yes));
    const dialog = h('dialog', {class: wide ? 'wide' : null, 'aria-labelledby': heading.id,
                                on: {close: () => { dialog.remove(); done(result); }}}, form);
    document.body.append(dialog);
    dialog.showModal();
    const first = Object.values(fields ?? {}).map(field => field?.control).find(control => control && !control.value);
    (first ?? yes).focus();
    began?.({yes, form});
  });
}

/** Only to be read. */
export function tell(title, ...content) {
  const heading = h('h2', {id: `dialog-${++labels}`}, title);
  const dialog = h('dialog', {'aria-labelledby': heading.id, on: {close: () => dialog.remove()}}, heading, content,
                   h('div', {class: 'buttons'},
                     h('button', {type: 'button', class: 'primary', on: {click: () => dialog.close()}}, 'Close')));
  document.body.append(dialog);
  dialog.showModal();
}
