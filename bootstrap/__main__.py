import sys

from bootstrap.prepare import main

sys.exit(main(sys.argv[1:]))
