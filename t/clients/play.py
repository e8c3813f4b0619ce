"""The same as play.mjs, for scripts in Python."""
import json
import sys

facts = json.loads(sys.argv[1])


def say(word, text):
    print(word, ' '.join(str(text).split()), flush=True)


def check(condition, name):
    say('ok' if condition else 'not ok', name)


def equal(got, wanted, name):
    check(got == wanted, name if got == wanted else f'{name}: {got!r}, not {wanted!r}')


def visit(url):
    say('visit', url)
    return sys.stdin.readline().strip()


def order(name):
    say('do', name)
    return sys.stdin.readline().strip()


def secrets(answer):
    for kind in ('access_token', 'refresh_token'):
        if kind in answer:
            say('secret', f'{kind} {answer[kind]}')
    return answer


def end():
    print('end', flush=True)
