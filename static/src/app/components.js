// Only the parts of the design system that the pages use.
import {
  Button, CharacterCount, Checkboxes, ErrorSummary, Header, NotificationBanner, PasswordInput, SkipLink, isSupported,
} from 'nhsuk-frontend';

const PARTS = {
  'nhsuk-button': Button,
  'nhsuk-character-count': CharacterCount,
  'nhsuk-checkboxes': Checkboxes,
  'nhsuk-error-summary': ErrorSummary,
  'nhsuk-header': Header,
  'nhsuk-notification-banner': NotificationBanner,
  'nhsuk-password-input': PasswordInput,
  'nhsuk-skip-link': SkipLink,
};

/** Starts every part inside `scope`; safe to call again after htmx swapped something in. */
export function startComponents(scope) {
  document.body.classList.add('nhsuk-frontend-supported');
  if (!isSupported()) return;
  for (const [name, Part] of Object.entries(PARTS)) {
    for (const element of scope.querySelectorAll(`[data-module="${name}"]`)) {
      if (element.hasAttribute(`data-${name}-init`)) continue;
      try {
        new Part(element); // eslint-disable-line no-new
      } catch (error) {
        if (error?.name !== 'InitError') console.error(error);
      }
    }
  }
}
