// Labels that say where runners serve (reference/controllers.md 1.6).
import { parseConfigUrl } from '@muster/actions';
import { LABELS } from '@muster/api';

/** The config URL's parts as labels. Empty when it names no place that runners can serve. */
export function urlLabels(configUrl: string): Record<string, string> {
  try {
    const scope = parseConfigUrl(configUrl);
    return {
      ...('enterprise' in scope && { [LABELS.enterprise]: labelValue(scope.enterprise) }),
      ...('organization' in scope && { [LABELS.organization]: labelValue(scope.organization) }),
      ...('repository' in scope && { [LABELS.repository]: labelValue(scope.repository) }),
    };
  } catch {
    return {};
  }
}

/** ARC's way to make a name fit a label's value. */
const labelValue = (text: string): string =>
  text.length > 63 ? `${text.slice(0, 58)}-trim` : text.replace(/^[-_.]+|[-_.]+$/g, '');
