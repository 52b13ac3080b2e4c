"""The domain and its tables. Knows no HTTP and no foreign formats.

A company names its responsible consultant through a table of a room above its own, so a mapped class is
whole only when every room is loaded: whoever imports one room gets them all.
"""

from crm import tables as tables
