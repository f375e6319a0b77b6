import unittest

from depot import MissingPart, Part, make_part, open_store
from depot.cli import COMMANDS, Shell, count, main, show
from depot.errors import BrokenStore
from tests.helpers import SAMPLE, sample_store

EXPECTED = sample_store().numbers()


class StoreTest(unittest.TestCase):
    def test_numbers(self):
        self.assertEqual(open_store(SAMPLE).numbers(), EXPECTED)

    def test_missing(self):
        from depot.units import clamp

        self.assertEqual(clamp(-1), 1)
        with self.assertRaises(MissingPart):
            make_part(-1)

    def test_broken(self):
        with self.assertRaises(BrokenStore):
            open_store("?")
        self.assertIsInstance(make_part(1), Part)
        self.assertEqual((count(SAMPLE), len(main()), set(COMMANDS)), (2, 2, {"count", "show"}))
        self.assertTrue(show and Shell)
