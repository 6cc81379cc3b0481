/* SPDX-License-Identifier: MIT */
/*
 * A small server, with libevent's HTTP: one thread, GET only, no bodies. Metrics are kept for a
 * second, so that many requests do not read /proc many times. libmicrohttpd would need GnuTLS,
 * which cannot be linked statically on Debian. See serve.h.
 */
#include "metrics/serve.h"
#include "util/message.h"
#include "util/must.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_SECONDS 10
#define REQUEST_BYTES   65536
#define FRESH_SECONDS   1

struct page {
	char *text; /* NULL: nothing has been gathered yet */
	size_t size;
	time_t at;
};

struct server {
	struct vmt_gather *gather;
	struct event_base *base;
	struct page page[2]; /* one for each form */
};

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* Returns 0, or -errno if something cannot be read. */
static int renew(struct server *server, enum vmt_metrics_form form, size_t *ret_written)
{
	struct page *page = &server->page[form];
	FILE *stream;
	int ret;

	free(page->text);
	stream = vmt_must(open_memstream(&page->text, &page->size));
	ret = vmt_gather_write(stream, server->gather, form, ret_written);
	if (fclose(stream))
		abort();
	page->at = now();
	return ret;
}

static const struct page *page_of(struct server *server, enum vmt_metrics_form form)
{
	struct page *page = &server->page[form];
	size_t written;

	if (page->text && now() - page->at < FRESH_SECONDS)
		return page;
	vmt_message_mute(true);
	renew(server, form, &written);
	vmt_message_mute(false);
	return page;
}

static enum vmt_metrics_form form_of(struct evhttp_request *request)
{
	const char *accepted =
		evhttp_find_header(evhttp_request_get_input_headers(request), "Accept");

	return accepted && strstr(accepted, "application/openmetrics-text") ?
		       VMT_METRICS_OPENMETRICS :
		       VMT_METRICS_PROMETHEUS;
}

static void answer_metrics(struct evhttp_request *request, void *context)
{
	enum vmt_metrics_form form = form_of(request);
	const struct page *page = page_of(context, form);
	struct evbuffer *body = evhttp_request_get_output_buffer(request);

	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  form == VMT_METRICS_OPENMETRICS ?
				  "application/openmetrics-text; version=1.0.0; charset=utf-8" :
				  "text/plain; version=0.0.4; charset=utf-8");
	evbuffer_add(body, page->text, page->size);
	evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

static void answer_other(struct evhttp_request *request, void *context)
{
	static const char text[] = "vmatrace: the metrics are at /metrics\n";
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	bool is_root = path && (!*path || !strcmp(path, "/"));

	(void)context;
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "text/plain");
	evbuffer_add(evhttp_request_get_output_buffer(request), text, sizeof(text) - 1);
	evhttp_send_reply(request, is_root ? HTTP_OK : HTTP_NOTFOUND, is_root ? "OK" : "Not Found",
			  NULL);
}

static void stop(evutil_socket_t number, short what, void *context)
{
	(void)number, (void)what;
	event_base_loopbreak(context);
}

static int refuse_address(const char *address, int error)
{
	vmt_message("cannot listen at %s: %s", address, strerror(error));
	return VMT_EXIT_USAGE;
}

/* Returns a socket, or -errno. */
static int bind_to(const struct sockaddr *address, socklen_t length)
{
	const int yes = 1;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (!bind(fd, address, length) && !listen(fd, SOMAXCONN))
		return fd;
	close(fd);
	return -errno;
}

/* Prints the port as well, since the system may have chosen it. */
static void tell_address(int fd)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t length = sizeof(address);
	char text[INET6_ADDRSTRLEN] = "?";

	getsockname(fd, (struct sockaddr *)&address, &length);
	if (address.ss_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address;

		inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text));
		vmt_message("listening at http://[%s]:%d/metrics", text, ntohs(six->sin6_port));
	} else {
		const struct sockaddr_in *four = (const struct sockaddr_in *)&address;

		inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text));
		vmt_message("listening at http://%s:%d/metrics", text, ntohs(four->sin_port));
	}
}

static void run(struct server *server, int fd)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct event *signals[3];
	struct evhttp *http = vmt_must(evhttp_new(server->base));

	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(http, REQUEST_BYTES);
	evhttp_set_max_body_size(http, REQUEST_BYTES);
	evhttp_set_timeout(http, REQUEST_SECONDS);
	evhttp_set_cb(http, "/metrics", answer_metrics, server);
	evhttp_set_gencb(http, answer_other, NULL);
	for (size_t i = 0; i < 3; i++) {
		signals[i] = vmt_must(evsignal_new(server->base, ends[i], stop, server->base));
		event_add(signals[i], NULL);
	}
	if (evhttp_accept_socket(http, fd))
		abort();
	tell_address(fd);
	event_base_dispatch(server->base);
	for (size_t i = 0; i < 3; i++)
		event_free(signals[i]);
	evhttp_free(http);
}

/* Parse "127.0.0.1:9843" or "[::1]:9843"; names are not looked up. Returns the length, or 0. */
static socklen_t parse(const char *text, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret_address;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t n = colon ? (size_t)(colon - text) : 0;
	unsigned long port;
	char *end;

	if (!n || n >= sizeof(host) || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return 0;
	port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || port > UINT16_MAX)
		return 0;
	*ret_address = (struct sockaddr_storage){ .ss_family = AF_INET };
	memcpy(host, text, n);
	host[n] = '\0';
	four->sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1)
		return sizeof(*four);
	if (*host != '[' || host[n - 1] != ']')
		return 0;
	host[n - 1] = '\0';
	*ret_address = (struct sockaddr_storage){ .ss_family = AF_INET6 };
	six->sin6_port = htons((uint16_t)port);
	return inet_pton(AF_INET6, host + 1, &six->sin6_addr) == 1 ? sizeof(*six) : 0;
}

int vmt_serve(struct vmt_gather *gather, const char *address)
{
	struct server server = { .gather = gather };
	struct sockaddr_storage parsed;
	socklen_t length = parse(address, &parsed);
	size_t written;
	int fd;

	if (!length) {
		vmt_message("the address to listen at is like 127.0.0.1:9843 or [::1]:9843, not %s",
			    address);
		return VMT_EXIT_USAGE;
	}
	if (renew(&server, VMT_METRICS_PROMETHEUS, &written) && !written &&
	    !vmt_gather_may_find_more(gather)) {
		free(server.page[VMT_METRICS_PROMETHEUS].text);
		return VMT_EXIT_USAGE;
	}
	fd = bind_to((struct sockaddr *)&parsed, length);
	if (fd < 0)
		return refuse_address(address, -fd);
	signal(SIGPIPE, SIG_IGN);
	server.base = vmt_must(event_base_new());
	run(&server, fd);
	event_base_free(server.base);
	free(server.page[VMT_METRICS_OPENMETRICS].text);
	free(server.page[VMT_METRICS_PROMETHEUS].text);
	return 0;
}
