#include "capture/recorder_strays.h"

bool recorder_strays_keep(struct recorder_strays *s, enum packet_kind kind, size_t n)
{
	if (kind == PACKET_TCP)
		return true;
	if (s->beyond == 0 && s->packets < RECORDER_STRAYS_MAX &&
		n <= RECORDER_STRAYS_BYTES_MAX - s->bytes) {
		s->packets++;
		s->bytes += n;
		return true;
	}
	if (++s->beyond % RECORDER_STRAYS_ONE_IN == 0)
		return true;
	s->left_out++;
	return false;
}
